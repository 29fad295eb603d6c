import type { AnyBulkWriteOperation, Collection, MongoBulkWriteError } from 'mongodb';
import { newestOfEach, type Projection, type Versioned } from '../projection/projection.js';
import { asNotStorable, isDuplicateKey, orUnavailable } from './mongo-errors.js';

export interface ProjectionDocument<State> {
  _id: string;
  version: number;
  state: State;
}

/** A versioned projection in one MongoDB collection; a batch is one bulk write. */
export class MongoProjection<State> implements Projection<State> {
  constructor(private readonly collection: Collection<ProjectionDocument<State>>) {}

  async apply(entries: readonly Versioned<State>[]): Promise<void> {
    const operations = newestOfEach(entries).map(({ id, version, state }) => ({
      updateOne: { filter: { _id: id, version: { $lt: version } }, update: { $set: { version, state } }, upsert: true },
    })) as unknown as AnyBulkWriteOperation<ProjectionDocument<State>>[];
    if (operations.length === 0) return;
    try {
      await orUnavailable(() => this.collection.bulkWrite(operations, { ordered: false }));
    } catch (error) {
      // The upsert met a document that is not older: already applied.
      const failures = (error as Partial<MongoBulkWriteError>).writeErrors;
      if (failures === undefined || ![failures].flat().every(isDuplicateKey)) throw asNotStorable(error);
      await this.applyRacesAgain(entries);
    }
  }

  async find(id: string): Promise<Versioned<State> | undefined> {
    const document = await orUnavailable(() => this.collection.findOne({ _id: id } as object));
    return document ? { id, version: document.version, state: document.state as State } : undefined;
  }

  /**
   * Two writers that both insert a new id meet in the same error, and the loser may have carried the newer version; so
   * what is still behind is written again.
   */
  private async applyRacesAgain(entries: readonly Versioned<State>[]): Promise<void> {
    const newest = newestOfEach(entries);
    const ids = newest.map(({ id }) => id);
    const projection = { version: 1 };
    const documents = await orUnavailable(() =>
      this.collection.find({ _id: { $in: ids } } as object, { projection }).toArray(),
    );
    const versions = new Map(documents.map(({ _id, version }) => [_id, version]));
    const behind = newest.filter(({ id, version }) => (versions.get(id) ?? 0) < version);
    if (behind.length > 0) await this.apply(behind);
  }
}
