import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { Aggregate, Restored } from '../aggregate/aggregates.js';
import type { KeyChange, KeyStore, PersonsKey } from '../privacy/rotate-keys.js';
import { isShredded, type ShreddedKey, type StoredKey, type WrappedKey } from '../privacy/data-key.js';
import { isDuplicateKey, refusal } from './errors.js';
import { writeWhenUnfenced } from './fence.js';
import { batchedFinds, read } from './reads.js';

/** A person's document, as far as its key is concerned. */
export interface KeyDocument {
  _id: string;
  key?: StoredKey;
  state?: { readonly erased?: true };
}

const KEY = { key: 1, 'state.erased': 1 } as const;

/** The keys in the documents of persons. */
export class MongoKeyStore implements KeyStore {
  private readonly findKey: (id: string) => Promise<KeyDocument | undefined>;

  constructor(private readonly collection: Collection<KeyDocument>) {
    // Several partitions are consumed at once, and their lookups share a query.
    this.findKey = batchedFinds(collection, { key: 1 });
  }

  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const found = await Promise.all(persons.map((id) => this.findKey(id)));
    return new Map(found.flatMap((document) => (document?.key ? [[document._id, document.key]] : [])));
  }

  async findShredded(persons: readonly string[]): Promise<ReadonlyMap<string, ShreddedKey>> {
    if (persons.length === 0) return new Map();
    const filter = { _id: { $in: [...persons] }, 'key.shreddedAt': { $exists: true } };
    const found = await read(() => this.collection.find(filter, { projection: { key: 1 } }).toArray());
    return new Map(found.map(({ _id, key }) => [_id, key as ShreddedKey]));
  }

  async *allKeys(): AsyncGenerator<PersonsKey> {
    for await (const { _id: id, key, state } of this.collection.find({}, { projection: KEY }).sort({ _id: 1 })) {
      yield { id, ...(key && { key }), isErased: state?.erased === true };
    }
  }

  /**
   * Stores the keys of restored persons who have a document without one: they were restored before the key was made, and
   * the next change would make another one.
   */
  async addMissing(states: readonly Pick<Restored<Aggregate>, 'id' | 'version' | 'key' | 'isNew'>[]): Promise<void> {
    const perhapsThere = states.filter(({ version, isNew = version === 1 }) => !isNew);
    await this.setKeys(
      perhapsThere.flatMap(({ id, key }) => (key && !isShredded(key) ? [{ id, from: undefined, to: key }] : [])),
    );
  }

  async setKeys(changes: readonly KeyChange[]): Promise<readonly string[]> {
    if (changes.length === 0) return [];
    const operations = changes.map(({ id, from, to }) => ({
      updateOne: {
        filter: { _id: id, 'state.erased': { $exists: false }, key: from ?? { $exists: false } },
        update: { $set: { key: to } },
      },
    })) as unknown as AnyBulkWriteOperation<KeyDocument>[];
    const refused = [...(await writeWhenUnfenced(this.collection, operations)).values()];
    if (!refused.every(isDuplicateKey)) throw refusal(refused);
    const stored = await this.find(changes.map(({ id }) => id));
    return changes.filter(({ id, to }) => isThis(stored.get(id), to)).map(({ id }) => id);
  }
}

/** The same key is never wrapped into the same bytes twice. */
function isThis(stored: StoredKey | undefined, { wrapped }: WrappedKey): boolean {
  return stored !== undefined && !isShredded(stored) && stored.wrapped === wrapped;
}
