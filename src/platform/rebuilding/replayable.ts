import type { Aggregate, Aggregates, Restorable } from '../aggregate/aggregates.js';
import type { EventStream } from '../event/event-stream.js';
import type { History } from '../views/history.js';
import type { OwnEvents } from '../views/read-own-events.js';
import type { KeySource } from '../privacy/key-source.js';
import type { KeyStore } from '../privacy/rotate-keys.js';
import type { OpenEvents } from '../privacy/open-events.js';
import type { SealingKeys } from '../privacy/sealing-keys.js';
import type { Subscription } from '../consuming/subscription.js';
import type { Auditable } from './auditable.js';

/** The keys of the events of one aggregate type. */
export interface SystemKeys {
  /** Undefined when new events are published in clear text. */
  readonly sealing: SealingKeys | undefined;
  readonly open: OpenEvents;
  readonly source: KeySource;
  /** The documents with the keys, if the aggregates are the persons. */
  readonly holder?: KeyStore | undefined;
  /** In a rebuild: returns the persons whose keys were published since the last call, or since they were first read. */
  readonly takePublished?: (() => Promise<ReadonlySet<string>>) | undefined;
}

/** One of the context's own aggregate types. Its store has more than the log: the events not published yet. */
export interface SystemOfRecord {
  readonly stream: EventStream;
  /** Reads the state from an opened event of the stream the way the context itself does. */
  readonly read: OwnEvents<Aggregate>['state'];
  readonly store: Restorable & Aggregates<Aggregate>;
  /** The keys that seal its events, and open them. */
  readonly keys?: SystemKeys;
  /** The store's collection, among {@link Replayable.collections}. */
  readonly states: Auditable;
  /** The history, if the context keeps one, and its collection among {@link Replayable.collections}. */
  readonly recorded?: { readonly history: History; readonly entries: Auditable };
}

/** The collections of a rebuild: those with states and copies of states, or those with histories. */
export type RebuildScope = 'states' | 'histories';

/** Returns what is rebuilt of a context. @param only undefined: everything */
export function replayableOf(
  context: { readonly replayable: Replayable; replayableOnly(scope: RebuildScope): Replayable },
  only: RebuildScope | undefined,
): Replayable {
  return only ? context.replayableOnly(only) : context.replayable;
}

/** The part of a context's database that is derived from the log, and how to derive it. */
export interface Replayable {
  /**
   * The projections of each topic, without the reactions that issue commands. Those of the context's own topics restore
   * aggregate states, one after the other.
   */
  readonly projections: readonly Subscription[];
  /** The same, but only the newest states are opened and restored, now and then and by {@link Subscription.settle}. */
  readonly newestOnly: readonly Subscription[];
  /**
   * Topics whose {@link newestOnly} projections come to the same when the log is read in windows, the newest first. Only
   * the newest event of each aggregate is then opened and restored, however large the log is.
   */
  readonly newestFirst: ReadonlySet<string>;
  /** One for each aggregate type that the context owns. */
  readonly systemsOfRecord: readonly SystemOfRecord[];
  /**
   * Types of events that erase personal data, in the context's own topics and others. A rebuild up to a point in time
   * applies them too, even when they are later.
   */
  readonly erasing: readonly string[];
  /** The collections that the projections fill. */
  readonly collections: readonly Auditable[];
  /** Creates indexes. */
  prepare(): Promise<void>;
}
