import type { Collection } from 'mongodb';
import type { Projection, Versioned } from '../projection/projection.js';
import type { Auditable } from '../replay/auditable.js';
import { MongoAudit } from './mongo-audit.js';
import { putWhereNewer } from './mongo-put.js';
import { read } from './mongo-read.js';
import { BATCHES, groupedWrites, type Write } from './mongo-writes.js';

export interface ProjectionDocument<State> {
  _id: string;
  version: number;
  state: State;
}

/** A versioned projection in one MongoDB collection; batches that are applied at the same moment are one bulk write. */
export class MongoProjection<State> implements Projection<State> {
  private readonly write: Write<ProjectionDocument<State>>;

  constructor(private readonly collection: Collection<ProjectionDocument<State>>) {
    this.write = groupedWrites(collection, BATCHES);
  }

  apply(entries: readonly Versioned<State>[]): Promise<void> {
    return putWhereNewer({ collection: this.collection, write: this.write }, entries, ({ state }) => ({ state }));
  }

  async find(id: string): Promise<Versioned<State> | undefined> {
    const document = await read(() => this.collection.findOne({ _id: id } as object));
    return document ? { id, version: document.version, state: document.state as State } : undefined;
  }

  /** Lets the copies be held against the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>);
  }
}
