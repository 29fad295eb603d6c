import type { Collection } from 'mongodb';
import type { ProjectionStore, Versioned } from '../views/projection.js';
import type { Auditable } from '../rebuilding/auditable.js';
import { MongoAudit } from './audit.js';
import { groupedFinds } from './finds.js';
import { upsertIfNewer } from './upsert-if-newer.js';
import { BATCHES, groupedWrites, type Write } from './writes.js';

export interface ProjectionDocument<State> {
  _id: string;
  version: number;
  state: State;
}

/** A versioned projection in one MongoDB collection; batches that are applied at the same moment are one bulk write. */
export class MongoProjection<State> implements ProjectionStore<State> {
  private readonly write: Write<ProjectionDocument<State>>;
  private readonly findCopy: (id: string) => Promise<ProjectionDocument<State> | undefined>;

  constructor(private readonly collection: Collection<ProjectionDocument<State>>) {
    this.write = groupedWrites(collection, BATCHES);
    this.findCopy = groupedFinds(collection);
  }

  apply(entries: readonly Versioned<State>[]): Promise<void> {
    return upsertIfNewer({ collection: this.collection, write: this.write }, entries, ({ state }) => ({ state }));
  }

  async find(id: string): Promise<Versioned<State> | undefined> {
    const document = await this.findCopy(id);
    return document && { id, version: document.version, state: document.state };
  }

  /** Lets the copies be held against the log. */
  audit(): Auditable {
    return new MongoAudit(this.collection as unknown as Collection<never>);
  }
}
