import type { KeyStore } from '../privacy/rotate-keys.js';
import type { Bus, LoggedRecord, RecordHandler } from '../log/bus.js';
import { isShredded } from '../privacy/data-key.js';
import { ErasureLedger, type LedgerEntry } from '../privacy/erasure-ledger.js';
import { erasureIn, timesOf } from '../privacy/erasures.js';
import type { KeyRing } from '../privacy/key-ring.js';
import { copyKeys, type KeysOfLog } from '../privacy/keys-of-log.js';
import { parseKeyRecord, toKeyRecord } from '../privacy/key-records.js';
import type { KeyCopies, KeySource } from '../privacy/key-source.js';
import { type OpenEvents, openEventsWith } from '../privacy/open-events.js';
import { waitForKeys } from '../privacy/wait-for-keys.js';

/** How a context seals and opens personal data. */
export interface Privacy {
  readonly ring: KeyRing;
  /** False: new events are published in clear text (PERSONAL_DATA=clear). */
  readonly seals: boolean;
  /** In a rebuild: all keys of a topic, read before. */
  readonly allKeys?: (topic: string) => KeysOfLog;
}

/** A store of persons, or the copies of their keys. */
type Home = { readonly holder: KeyStore } | { readonly copies: KeyCopies };

/** What the keys need of the running process. */
export interface KeysInUse {
  readonly bus: Bus;
  /** Returns the offsets, by partition, up to which the context has applied a topic. */
  readonly applied: (topic: string) => Promise<ReadonlyMap<number, number>>;
  /** Applies erasures to the context's own data. */
  readonly onErasures: (entries: readonly LedgerEntry[]) => Promise<void>;
}

/** The keys of one kind of persons, as a context uses them: it has the persons themselves, or copies of their keys. */
export class PersonKeys {
  readonly open: OpenEvents;
  readonly source: KeySource;
  private ledger: ErasureLedger | undefined;
  /** True when the context has copies of these keys, and not the persons themselves. */
  get areCopies(): boolean {
    return 'copies' in this.home;
  }

  constructor(
    readonly topic: string,
    private readonly home: Home,
    { ring, allKeys }: Privacy,
  ) {
    const lasting = 'holder' in home ? home.holder : home.copies;
    const ofLog = allKeys?.(topic);
    this.source = ofLog?.copies ?? lasting;
    const missing = ofLog
      ? { areForgotten: true, find: (persons: readonly string[]) => ofLog.find(persons) }
      : { find: waitForKeys(lasting, () => this.ledger?.catchUp() ?? Promise.resolve()) };
    const open = openEventsWith(ring, this.source, missing);
    const copies = ofLog?.copies ?? ('copies' in home ? home.copies : undefined);
    this.open = async (events) => {
      const erasures = copies ? events.flatMap((event) => erasureIn(event, topic) ?? []) : [];
      if (erasures.length > 0) {
        await copies?.shred(timesOf(erasures));
        ofLog?.erased(erasures.map(({ person }) => person));
      }
      return open(events);
    };
  }

  /**
   * Applies the erasures that the database may not know, before anything is opened. Call it before the first record is
   * consumed.
   * @throws PlatformError `unavailable`
   */
  async begin({ bus, applied, onErasures }: KeysInUse): Promise<void> {
    const { home, topic } = this;
    this.ledger ??= new ErasureLedger({
      ...{ bus, keysTopic: topic },
      applied: (changes) => applied(changes),
      apply: async (entries) => {
        if ('copies' in home) await home.copies.shred(timesOf(erasuresOf(entries, topic)));
        await onErasures(entries);
      },
    });
    await this.ledger.catchUp();
  }

  /** Returns the handler of the records of the topic of keys. */
  handler(bus: Bus): RecordHandler {
    const { home } = this;
    return 'copies' in home
      ? (records) => copyKeys(home.copies, records)
      : (records) => this.withdrawDestroyed(home.holder, records, bus);
  }

  /**
   * A key of an erased person that appears in the topic was published late, or the topic was restored from a backup: it
   * is taken back.
   */
  private async withdrawDestroyed(holder: KeyStore, records: readonly LoggedRecord[], bus: Bus): Promise<void> {
    const newest = new Map(records.flatMap((record) => entryOf(parseKeyRecord(record))));
    const published = [...newest].flatMap(([person, key]) => (key ? [person] : []));
    if (published.length === 0) return;
    const destroyed = [...(await holder.find(published))].filter(([, key]) => isShredded(key));
    if (destroyed.length === 0) return;
    await bus.publish(
      this.topic,
      destroyed.map(([person, key]) => toKeyRecord(person, key)),
    );
  }
}

function entryOf(record: ReturnType<typeof parseKeyRecord>) {
  return record ? [[record.person, record.key] as const] : [];
}

function erasuresOf(entries: readonly LedgerEntry[], keysTopic: string) {
  return entries.flatMap(({ event }) => erasureIn(event, keysTopic) ?? []);
}
