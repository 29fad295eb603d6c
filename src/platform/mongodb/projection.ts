import type { Collection } from 'mongodb';
import type { ProjectionStore, Versioned } from '../views/projection.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { MongoAudit } from './audit.js';
import { batchedFinds } from './reads.js';
import { upsertIfNewer } from './upsert-if-newer.js';
import { BATCH_LIMITS, groupCommit, type Write } from './writes.js';

export interface ProjectionDocument<State> {
  _id: string;
  version: number;
  state: State;
}

/** A versioned projection in one MongoDB collection. Concurrent batches share one bulk write. */
export class MongoProjection<State> implements ProjectionStore<State> {
  private readonly write: Write<ProjectionDocument<State>>;
  private readonly findCopy: (id: string) => Promise<ProjectionDocument<State> | undefined>;

  constructor(private readonly collection: Collection<ProjectionDocument<State>>) {
    this.write = groupCommit(collection, BATCH_LIMITS);
    this.findCopy = batchedFinds(collection);
  }

  apply(entries: readonly Versioned<State>[]): Promise<void> {
    return upsertIfNewer({ collection: this.collection, write: this.write }, entries, ({ state }) => ({ state }));
  }

  async find(id: string): Promise<Versioned<State> | undefined> {
    const document = await this.findCopy(id);
    return document && { id, version: document.version, state: document.state };
  }

  /** Gives access to the copies for a comparison with the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>);
  }
}
