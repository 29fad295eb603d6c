import type { KeyStore } from '../privacy/rotate-keys.js';
import type { Logger } from 'pino';
import type { Advance } from '../consuming/positions.js';
import { type EarlyHandler, storeLater } from '../consuming/store-later.js';
import { fingerprintOf, type Position } from '../log/position.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { Bus, Extent } from '../log/bus.js';
import { ErasureLedger, type LedgerEntry } from '../privacy/erasure-ledger.js';
import { erasureIn, timesOf } from '../privacy/erasures.js';
import type { KeyRing } from '../privacy/key-ring.js';
import { type AllKeys, copyKeys } from '../privacy/keys-of-log.js';
import { watchKeys } from '../privacy/key-watch.js';
import { withRecentKeys } from '../privacy/recent-keys.js';
import type { KeyCopies, KeySource } from '../privacy/key-source.js';
import { type OpenEvents, openEventsWith } from '../privacy/open-events.js';
import { copiedKeys, type SealingKeys } from '../privacy/sealing-keys.js';
import { waitForKeys } from '../privacy/wait-for-keys.js';

/** How a context seals and opens personal data. */
export interface Privacy {
  readonly ring: KeyRing;
  /** False: new events are published in clear text (PERSONAL_DATA=clear). */
  readonly seals: boolean;
  /** In a rebuild: all keys of a topic, read before. */
  readonly allKeys?: (topic: string) => AllKeys;
}

/** A store of persons, or the copies of their keys. */
type Home = { readonly holder: KeyStore } | { readonly copies: KeyCopies };

/** The documents of persons have all keys that there are. */
const NONE_REMOVED = { removed: () => Promise.resolve(new Set<string>()) };

/** What the keys need of the running process. */
export interface KeysInUse {
  readonly bus: Bus;
  /** Returns the offsets, by partition, up to which the context has applied a topic. */
  readonly applied: (topic: string) => Promise<ReadonlyMap<number, number>>;
  /** Applies erasures to the context's own data. */
  readonly onErasures: (entries: readonly LedgerEntry[]) => Promise<void>;
}

/** The positions up to which the topic of keys was searched. */
export interface KeyWatchPositions {
  of(): Promise<readonly Position[]>;
  advance(advances: readonly Advance[]): Promise<unknown>;
}

/** The keys of one kind of persons, as a context uses them: it has the persons themselves, or copies of their keys. */
export class PersonKeys {
  /** Opens events, and drops the keys of the persons whom they erase. */
  readonly open: OpenEvents;
  /** Drops the keys of the persons whom these events erase. Opening them does the same. */
  readonly dropErased: (events: readonly CloudEvent[]) => Promise<void>;
  /** Where the keys are looked up. */
  readonly source: KeySource;
  /** What seals the events of other aggregates about these persons. */
  readonly sealing: SealingKeys;
  /** In a rebuild: true for a person whose key is nowhere, though nobody has erased the person. */
  readonly isLost: (person: string) => boolean;
  /** In a rebuild: as {@link AllKeys.takePublished}. */
  readonly takePublished: (() => Promise<ReadonlySet<string>>) | undefined;
  private readonly copies: KeyCopies | undefined;
  private ledger: ErasureLedger | undefined;
  /** Undefined until the context has begun. */
  private whole: (() => Promise<boolean>) | undefined;
  /** True when the context has copies of these keys, and not the persons themselves. */
  get areCopies(): boolean {
    return 'copies' in this.home;
  }

  constructor(
    readonly topic: string,
    private readonly home: Home,
    { ring, allKeys }: Privacy,
  ) {
    const ofLog = allKeys?.(topic);
    this.copies = 'copies' in home ? withRecentKeys(home.copies) : undefined;
    this.isLost = (person) => ofLog?.lost.has(person) ?? false;
    this.takePublished = ofLog && (() => ofLog.takePublished());
    const lasting = 'holder' in home ? home.holder : home.copies;
    this.source = ofLog?.copies ?? lasting;
    const removed = 'copies' in home ? (ofLog?.copies ?? home.copies) : NONE_REMOVED;
    this.sealing = copiedKeys(ring, {
      find: (persons) => this.source.find(persons),
      removed: (persons) => removed.removed(persons),
      areWhole: () => (ofLog || !this.areCopies ? Promise.resolve(true) : (this.whole?.() ?? Promise.resolve(false))),
    });
    const missing = ofLog
      ? { areForgotten: true, find: (persons: readonly string[]) => ofLog.find(persons) }
      : { find: waitForKeys(this.copies ?? lasting, () => this.ledger?.catchUp() ?? Promise.resolve()) };
    const copies = ofLog?.copies ?? this.copies;
    const open = openEventsWith(ring, copies ?? lasting, missing);
    this.dropErased = async (events) => {
      const erasures = events.flatMap((event) => erasureIn(event, topic) ?? []);
      for (const { person } of erasures) ring.drop(person);
      if (!copies || erasures.length === 0) return;
      await copies.shred(timesOf(erasures));
      ofLog?.erased(erasures.map(({ person }) => person));
    };
    this.open = async (events) => {
      await this.dropErased(events);
      return open(events);
    };
  }

  /**
   * Applies the erasures that the database may not know, before anything is opened, and looks how many keys there are.
   * Call it before the first record is consumed, and when the database was restored.
   * @throws PlatformError `unavailable`
   */
  async begin({ bus, applied, onErasures }: KeysInUse): Promise<void> {
    const { copies, topic } = this;
    if (copies) this.whole = hasReached(() => applied(topic), await bus.extents(topic));
    this.ledger ??= new ErasureLedger({
      ...{ bus, keysTopic: topic },
      applied: (changes) => applied(changes),
      apply: async (entries) => {
        await copies?.shred(timesOf(erasuresOf(entries, topic)));
        await onErasures(entries);
      },
    });
    await this.ledger.catchUp();
  }

  /**
   * Returns the handler of the records of the topic of keys; undefined for the context that publishes them. A person's
   * first event follows at once, so it is fetched while the key is stored.
   */
  handler(): EarlyHandler | undefined {
    const { copies } = this;
    return copies && storeLater((records) => copyKeys(copies, records));
  }

  /** Takes back keys of erased persons that appear on the topic, now and then, until `signal` is aborted. */
  async watch(bus: Bus, positions: KeyWatchPositions, logger: Logger, signal: AbortSignal): Promise<void> {
    const { home, topic } = this;
    if (!('holder' in home)) return;
    const before = new Map<number, Position>();
    await watchKeys(
      {
        ...{ topic, bus, documents: home.holder },
        searched: async () => {
          for (const each of await positions.of()) if (each.topic === topic) before.set(each.partition, each);
          return [...before.values()];
        },
        onSearched: async (last) => {
          const { partition, offset } = last;
          const position = { topic, partition, next: offset + 1, last: fingerprintOf(last) };
          await positions.advance([{ position, from: before.get(partition)?.next }]);
          before.set(partition, position);
        },
        onReplaced: () =>
          logger.error(
            { topic },
            'the topic of keys lacks records that it had; run keys rotate, which publishes them again',
          ),
        onFailure: (error) => logger.warn({ err: error, topic }, 'cannot search the topic of keys yet'),
      },
      signal,
    );
  }
}

/** Returns a function that tells whether the context has applied the records up to where the topic ends now. */
function hasReached(
  applied: () => Promise<ReadonlyMap<number, number>>,
  extents: readonly Extent[],
): () => Promise<boolean> {
  let isReached = false;
  return async () => {
    if (isReached) return true;
    const next = await applied();
    isReached = extents.every(({ partition, first, end }) => first === end || (next.get(partition) ?? 0) >= end);
    return isReached;
  };
}

function erasuresOf(entries: readonly LedgerEntry[], keysTopic: string) {
  return entries.flatMap(({ event }) => erasureIn(event, keysTopic) ?? []);
}
