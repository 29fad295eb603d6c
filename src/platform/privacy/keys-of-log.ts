import type { Bus, LoggedRecord, LogReader } from '../log/bus.js';
import { isShredded, type StoredKey, type WrappedKey } from './data-key.js';
import { parseKeyRecord } from './key-records.js';
import type { KeyCopies, KeySource } from './key-source.js';

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

/** What a rebuild needs of the {@link KeysOfLog}. */
export interface AllKeys extends Pick<KeysOfLog, 'erased' | 'find' | 'takePublished'> {
  readonly lost: ReadonlySet<string>;
  readonly copies: Pick<KeyCopies, 'find' | 'removed' | 'shred'>;
}

/**
 * All keys that there are, for a rebuild: those on the topic, which is read to its end first, and those in the documents
 * of the persons if the context has them.
 */
export class KeysOfLog {
  /** Persons whose key is on no topic and in no document, so that nobody can open their events, and who are not erased. */
  readonly lost = new Set<string>();

  private constructor(
    /** An empty place for the keys. */
    readonly copies: KeyCopies,
    private readonly reader: LogReader,
    private readonly documents: KeyedDocuments | undefined,
    private readonly published: Set<string>,
  ) {}

  /**
   * @param signal stops the reading when aborted
   * @throws PlatformError `unavailable` when the log or the database does not answer
   */
  static async read(
    topic: string,
    bus: Pick<Bus, 'read'>,
    copies: KeyCopies,
    documents: KeyedDocuments | undefined,
    signal?: AbortSignal,
  ): Promise<KeysOfLog> {
    const published = new Set<string>();
    let isRead = false;
    const reader = await bus.read([topic], async (records) => {
      await copyKeys(copies, records);
      for (const record of isRead ? records : []) if (record.key) published.add(record.key.toString());
    });
    const keys = new KeysOfLog(copies, reader, documents, published);
    signal?.addEventListener('abort', () => void reader.stop(), { once: true });
    try {
      await reader.caughtUp();
      isRead = true;
      await keys.addAll();
    } catch (error) {
      await reader.stop();
      throw error;
    }
    return keys;
  }

  /** Returns keys that were published since. A key is published before the first event, so no other comes later. */
  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const hoped = persons.filter((person) => !this.lost.has(person));
    if (hoped.length === 0) return new Map();
    await this.reader.caughtUp();
    await this.add((await this.documents?.find(hoped)) ?? new Map<string, StoredKey>());
    const found = await this.copies.find(hoped);
    for (const person of hoped) if (!found.has(person)) this.lost.add(person);
    return found;
  }

  /** Returns the persons whose keys were published since the last call, or since they were first read. */
  async takePublished(): Promise<ReadonlySet<string>> {
    await this.reader.caughtUp();
    const taken = new Set(this.published);
    this.published.clear();
    return taken;
  }

  /** Tells that these persons are erased, so that the loss of their keys is no fault. */
  erased(persons: Iterable<string>): void {
    for (const person of persons) this.lost.delete(person);
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }

  /** Adds the keys in the documents. */
  private async addAll(): Promise<void> {
    let some = new Map<string, StoredKey | undefined>();
    for await (const { id, key } of this.documents?.allKeys() ?? []) {
      some.set(id, key);
      if (some.size < MAX_ADDED) continue;
      await this.add(some);
      some = new Map();
    }
    await this.add(some);
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
