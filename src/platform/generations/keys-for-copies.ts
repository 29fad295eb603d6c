import type { Bus, LogReader, RecordHandler } from '../log/bus.js';
import { tryParse } from '../event/parse-cloud-event.js';
import { type DataKey, isShredded, type StoredKey } from '../privacy/data-key.js';
import { erasureIn } from '../privacy/erasures.js';
import { toKeyRecord } from '../privacy/key-records.js';
import type { KeyRing } from '../privacy/key-ring.js';
import type { KeyCopies, KeySource } from '../privacy/key-source.js';
import { copyKeys } from '../privacy/keys-of-log.js';
import { type OpenEvents, openEventsWith } from '../privacy/open-events.js';
import type { KeyStore } from '../privacy/rotate-keys.js';
import { changesTopicOf } from '../privacy/topics.js';
import { PlatformError } from '../tools/errors.js';
import type { KeysOfCopies } from './seal-copies.js';

export interface KeysOfCopiesOptions {
  /** The topic of the keys. */
  readonly topic: string;
  readonly bus: Pick<Bus, 'read' | 'publish'>;
  readonly ring: KeyRing;
  /** The keys in the context's own database. */
  readonly own: KeySource;
  /** The documents of the persons, if the context has them: it makes the keys that are missing. */
  readonly holder?: KeyStore | undefined;
  /** An empty place for the keys on the topic. */
  readonly scratch: KeyCopies;
}

/**
 * The keys of the persons whose events are copied: those in the database, else those on the topic. Whoever has none was
 * erased, as the log says, or was registered before events were sealed.
 */
export class KeysForCopies implements KeysOfCopies {
  readonly open: OpenEvents;
  private published: Promise<LogReader> | undefined;
  private changes: Promise<LogReader> | undefined;
  private readonly erased = new Set<string>();

  constructor(private readonly options: KeysOfCopiesOptions) {
    const find = (persons: readonly string[]) => this.find(persons);
    this.open = openEventsWith(options.ring, { find }, { find: () => Promise.resolve(new Map()), areForgotten: true });
  }

  async keysOf(persons: readonly string[]): Promise<ReadonlyMap<string, DataKey | undefined>> {
    const { ring } = this.options;
    const stored = await this.find(persons);
    const unknown = persons.filter((person) => !stored.has(person));
    const without = await this.withoutErased(unknown);
    const made = await this.make(without);
    const lacking = without.find((person) => !made.has(person));
    if (lacking !== undefined) throw noKey(lacking, this.options.topic);
    return new Map(
      persons.map((person) => {
        const key = stored.get(person) ?? made.get(person);
        return [person, key === undefined || isShredded(key) ? undefined : ring.open(person, key)];
      }),
    );
  }

  async close(): Promise<void> {
    for (const reader of [this.published, this.changes]) await (await reader?.catch(() => undefined))?.stop();
  }

  private async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    if (persons.length === 0) return new Map();
    const { own, topic, scratch } = this.options;
    const found = new Map(await own.find(persons));
    const missing = persons.filter((person) => !found.has(person));
    if (missing.length === 0) return found;
    this.published ??= this.read(topic, (records) => copyKeys(scratch, records));
    await (await this.published).caughtUp();
    return new Map([...found, ...(await scratch.find(missing))]);
  }

  /** Returns those of the persons who are not erased, as the log says: the database may have been restored. */
  private async withoutErased(persons: readonly string[]): Promise<readonly string[]> {
    if (persons.length === 0) return [];
    const { topic } = this.options;
    this.changes ??= this.read(changesTopicOf(topic), (records) => {
      for (const record of records) {
        const event = tryParse(record);
        const erasure = event && erasureIn(event, topic);
        if (erasure) this.erased.add(erasure.person);
      }
      return Promise.resolve();
    });
    await (await this.changes).caughtUp();
    return persons.filter((person) => !this.erased.has(person));
  }

  /** Makes the keys of these persons, and publishes them, before the first event that is sealed with them. */
  private async make(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const { holder, ring, bus, topic } = this.options;
    if (!holder || persons.length === 0) return new Map();
    const set = await holder.setKeys(persons.map((id) => ({ id, from: undefined, to: ring.make(id).wrapped })));
    // A service may have made one meanwhile.
    const found = await holder.find(persons);
    const records = set.flatMap((id) => {
      const key = found.get(id);
      return key ? [toKeyRecord(id, key)] : [];
    });
    if (records.length > 0) await bus.publish(topic, records);
    return found;
  }

  private read(topic: string, handler: RecordHandler): Promise<LogReader> {
    return this.options.bus.read([topic], handler);
  }
}

function noKey(person: string, topic: string): PlatformError {
  const message = `${person} has no key on ${topic} to seal events with, and is not erased; run keys rotate for the module that has this person, then copy again`;
  return new PlatformError('rejected', 'no-key', message);
}
