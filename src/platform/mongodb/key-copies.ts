import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { StoredKey, WrappedKey } from '../privacy/data-key.js';
import type { KeyCopies } from '../privacy/key-source.js';
import { isDuplicateKey, refusal } from './errors.js';
import { read } from './reads.js';
import { BATCH_LIMITS, groupCommit, type Write } from './writes.js';

export interface KeyCopyDocument {
  _id: string;
  key: StoredKey;
}

const NOT_SHREDDED = { 'key.shreddedAt': { $exists: false } };

/** Copies of keys in one MongoDB collection. */
export class MongoKeyCopies implements KeyCopies {
  private readonly write: Write<KeyCopyDocument>;

  constructor(private readonly collection: Collection<KeyCopyDocument>) {
    this.write = groupCommit(collection, BATCH_LIMITS);
  }

  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const options = { batchSize: persons.length + 1 };
    const found = await read(() => this.collection.find({ _id: { $in: [...persons] } }, options).toArray());
    return new Map(found.map(({ _id, key }) => [_id, key]));
  }

  async put(keys: ReadonlyMap<string, WrappedKey>): Promise<void> {
    // With `upsert`, an update that does not match becomes an insert, which fails on the shredded key's `_id`.
    await this.apply(
      [...keys].map(([_id, key]) => ({
        updateOne: { filter: { _id, ...NOT_SHREDDED }, update: { $set: { key } }, upsert: true },
      })),
    );
  }

  async remove(persons: readonly string[]): Promise<void> {
    await this.apply(persons.map((_id) => ({ deleteOne: { filter: { _id, ...NOT_SHREDDED } } })));
  }

  async shred(persons: ReadonlyMap<string, string>): Promise<void> {
    await this.apply(
      [...persons].map(([_id, shreddedAt]) => ({
        updateOne: { filter: { _id, ...NOT_SHREDDED }, update: { $set: { key: { shreddedAt } } }, upsert: true },
      })),
    );
  }

  private async apply(operations: readonly object[]): Promise<void> {
    if (operations.length === 0) return;
    const outcomes = await this.write(operations as AnyBulkWriteOperation<KeyCopyDocument>[]);
    const refused = outcomes.filter((outcome) => outcome !== undefined);
    if (!refused.every(isDuplicateKey)) throw refusal(refused);
  }
}
