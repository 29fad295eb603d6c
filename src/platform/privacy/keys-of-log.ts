import type { Bus, LoggedRecord, LogReader } from '../log/bus.js';
import { isShredded, type StoredKey, type WrappedKey } from './data-key.js';
import { parseKeyRecord } from './key-records.js';
import type { KeyCopies, KeySource } from './key-source.js';

/** Stands for a key that is on no topic and in no document: nobody can open the events of its person any more. */
const LOST: StoredKey = { shreddedAt: '' };

/** Keys of documents that are added at once. */
const MAX_ADDED = 1_000;

/** The documents of persons, with their keys. */
export interface KeyedDocuments extends KeySource {
  allKeys(): AsyncIterable<{ readonly id: string; readonly key?: StoredKey }>;
}

/** Applies records of the topic of keys to copies of the keys. */
export async function copyKeys(copies: KeyCopies, records: readonly LoggedRecord[]): Promise<void> {
  const put = new Map<string, WrappedKey>();
  const removed = new Set<string>();
  for (const record of records) {
    const { person, key } = parseKeyRecord(record) ?? {};
    if (person === undefined) continue;
    put.delete(person);
    removed.delete(person);
    if (key) put.set(person, key);
    else removed.add(person);
  }
  await copies.put(put);
  await copies.remove([...removed]);
}

/**
 * All keys that there are, for a rebuild: those on the topic, which is read to its end first, and those in the documents
 * of the persons if the context has them.
 */
export class KeysOfLog {
  /** Persons whose events cannot be opened, and who are not known to be erased. */
  readonly lost = new Set<string>();

  private constructor(
    /** An empty place for the keys. */
    readonly copies: KeyCopies,
    private readonly reader: LogReader,
    private readonly documents: KeyedDocuments | undefined,
  ) {}

  /** @throws PlatformError `unavailable` when the log or the database does not answer */
  static async read(
    topic: string,
    bus: Pick<Bus, 'read'>,
    copies: KeyCopies,
    documents: KeyedDocuments | undefined,
  ): Promise<KeysOfLog> {
    const reader = await bus.read([topic], (records) => copyKeys(copies, records));
    const keys = new KeysOfLog(copies, reader, documents);
    await reader.caughtUp();
    let some = new Map<string, StoredKey | undefined>();
    for await (const { id, key } of documents?.allKeys() ?? []) {
      some.set(id, key);
      if (some.size < MAX_ADDED) continue;
      await keys.add(some);
      some = new Map();
    }
    await keys.add(some);
    return keys;
  }

  /** Returns keys that were published since. A key is published before the first event, so no other comes later. */
  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    await this.reader.caughtUp();
    await this.add((await this.documents?.find(persons)) ?? new Map<string, StoredKey>());
    const found = new Map(await this.copies.find(persons));
    const lost = persons.filter((person) => !found.has(person));
    for (const person of lost) {
      this.lost.add(person);
      found.set(person, LOST);
    }
    await this.copies.shred(new Map(lost.map((person) => [person, ''])));
    return found;
  }

  /** Tells that these persons are erased, so that the loss of their keys is no fault. */
  erased(persons: Iterable<string>): void {
    for (const person of persons) this.lost.delete(person);
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }

  private async add(keys: ReadonlyMap<string, StoredKey | undefined>): Promise<void> {
    const [wrapped, shredded] = [new Map<string, WrappedKey>(), new Map<string, string>()];
    for (const [person, key] of keys) {
      if (isShredded(key)) shredded.set(person, key.shreddedAt);
      else if (key) wrapped.set(person, key);
    }
    if (wrapped.size > 0) await this.copies.put(wrapped);
    if (shredded.size > 0) await this.copies.shred(shredded);
  }
}
