import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { isShredded, type StoredKey, type WrappedKey } from '../privacy/data-key.js';
import type { KeyCopies } from '../privacy/key-source.js';
import { isDuplicateKey, refusal } from './errors.js';
import { batchedFinds } from './reads.js';
import { BATCH_LIMITS, groupCommit, type Write } from './writes.js';

export interface KeyCopyDocument {
  _id: string;
  /** Undefined when the key was removed. */
  key?: StoredKey;
}

const NOT_SHREDDED = { 'key.shreddedAt': { $exists: false } };

/** Copies of keys in one MongoDB collection. */
export class MongoKeyCopies implements KeyCopies {
  private readonly write: Write<KeyCopyDocument>;
  private readonly findCopy: (id: string) => Promise<KeyCopyDocument | undefined>;

  constructor(private readonly collection: Collection<KeyCopyDocument>) {
    // One at a time: the records of several partitions share a write.
    this.write = groupCommit(collection, { ...BATCH_LIMITS, maxFlushes: 1 });
    this.findCopy = batchedFinds(collection);
  }

  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const found = await Promise.all(persons.map((id) => this.findCopy(id)));
    return new Map(found.flatMap((document) => (document?.key ? [[document._id, document.key]] : [])));
  }

  async put(keys: ReadonlyMap<string, WrappedKey>): Promise<ReadonlySet<string>> {
    // Most are new, and an insert is much faster than an upsert.
    const entries = [...keys];
    const there = await this.apply(entries.map(([_id, key]) => ({ insertOne: { document: { _id, key } } })));
    const known = entries.filter((_, index) => there[index]);
    await this.apply(
      known.map(([_id, key]) => ({ updateOne: { filter: { _id, ...NOT_SHREDDED }, update: { $set: { key } } } })),
    );
    return new Set(entries.flatMap(([person], index) => (there[index] === true ? [] : [person])));
  }

  async remove(persons: readonly string[]): Promise<void> {
    await this.apply(
      persons.map((_id) => ({
        updateOne: { filter: { _id, ...NOT_SHREDDED }, update: { $unset: { key: '' } }, upsert: true },
      })),
    );
  }

  async removed(persons: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await Promise.all(persons.map((id) => this.findCopy(id)));
    return new Set(found.flatMap((document) => (document && !document.key ? [document._id] : [])));
  }

  async shred(persons: ReadonlyMap<string, string>): Promise<void> {
    let left = [...persons];
    while (left.length > 0) {
      // With `upsert`, an update that does not match becomes an insert, which fails on the shredded key's `_id`.
      const there = await this.apply(
        left.map(([_id, shreddedAt]) => ({
          updateOne: { filter: { _id, ...NOT_SHREDDED }, update: { $set: { key: { shreddedAt } } }, upsert: true },
        })),
      );
      const met = left.filter((_, index) => there[index]);
      // It also fails on a key that was put between the search for a match and the insert.
      const keys = await this.find(met.map(([person]) => person));
      left = met.filter(([person]) => !isShredded(keys.get(person)));
    }
  }

  /** Returns which of the operations met a document that is there already. */
  private async apply(operations: readonly object[]): Promise<readonly boolean[]> {
    if (operations.length === 0) return [];
    const outcomes = await this.write(operations as AnyBulkWriteOperation<KeyCopyDocument>[]);
    const refused = outcomes.filter((outcome) => outcome !== undefined);
    if (!refused.every(isDuplicateKey)) throw refusal(refused);
    return outcomes.map((outcome) => outcome !== undefined);
  }
}
