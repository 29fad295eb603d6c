import type { Collection } from 'mongodb';
import type { Projection, Versioned } from '../projection/projection.js';
import { putWhereNewer } from './mongo-put.js';
import { read } from './mongo-read.js';

export interface ProjectionDocument<State> {
  _id: string;
  version: number;
  state: State;
}

/** A versioned projection in one MongoDB collection; a batch is one bulk write. */
export class MongoProjection<State> implements Projection<State> {
  constructor(private readonly collection: Collection<ProjectionDocument<State>>) {}

  apply(entries: readonly Versioned<State>[]): Promise<void> {
    return putWhereNewer(this.collection, entries, ({ state }) => ({ state }));
  }

  async find(id: string): Promise<Versioned<State> | undefined> {
    const document = await read(() => this.collection.findOne({ _id: id } as object));
    return document ? { id, version: document.version, state: document.state as State } : undefined;
  }
}
