import type { Aggregate, Aggregates, Restorable } from '../aggregate/aggregates.js';
import type { EventStream } from '../event/event-stream.js';
import type { History } from '../views/history.js';
import type { RecordedChangeReader } from '../views/read-recorded-change.js';
import type { Subscription } from '../consuming/subscription.js';
import type { Auditable } from './auditable.js';

/** One kind of the context's own aggregates, of which the store knows more than the log: what is not published yet. */
export interface SystemOfRecord {
  readonly stream: EventStream;
  /** The context's own reading of the stream. */
  readonly read: RecordedChangeReader<Aggregate>;
  readonly store: Restorable & Aggregates<Aggregate>;
  /** The store's collection, among {@link Replayable.collections}. */
  readonly states: Auditable;
  /** Where the context records it: the history, and its collection among {@link Replayable.collections}. */
  readonly recorded?: { readonly history: History; readonly entries: Auditable };
}

/** What of a context's database is a function of the log, and how it comes about. */
export interface Replayable {
  /**
   * What the context keeps of each topic: its projections, and none of its reactions that do something new. What is
   * read of its own topics are states to restore.
   */
  readonly projections: readonly Subscription[];
  /** One for each kind of aggregate that the context owns. */
  readonly systemsOfRecord: readonly SystemOfRecord[];
  /**
   * Types of events that take personal data out, in this context's own topics and others'. They are applied, too, where
   * a rebuild leaves out what happened after a time.
   */
  readonly erasing: readonly string[];
  /** Every collection that the projections fill. */
  readonly collections: readonly Auditable[];
  /** Creates indexes. */
  prepare(): Promise<void>;
}
