import type { Collection } from 'mongodb';
import { newestOfEach, type Projection, type Versioned } from '../projection/projection.js';
import { orUnavailable } from './mongo-errors.js';
import { putWhereNewer } from './put-where-newer.js';

export interface ProjectionDocument<State> {
  _id: string;
  version: number;
  state: State;
}

/** A versioned projection in one MongoDB collection; a batch is one bulk write. */
export class MongoProjection<State> implements Projection<State> {
  constructor(private readonly collection: Collection<ProjectionDocument<State>>) {}

  apply(entries: readonly Versioned<State>[]): Promise<void> {
    const documents = newestOfEach(entries).map(({ id, version, state }) => ({ _id: id, version, state }));
    return putWhereNewer(this.collection as unknown as Collection<never>, documents);
  }

  async find(id: string): Promise<Versioned<State> | undefined> {
    const document = await orUnavailable(() => this.collection.findOne({ _id: id } as object));
    return document ? { id, version: document.version, state: document.state as State } : undefined;
  }
}
