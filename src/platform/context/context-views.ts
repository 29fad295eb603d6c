import type { Aggregate, Aggregates } from '../aggregate/aggregates.js';
import type { EventStream } from '../event/event-stream.js';
import type { Erasures } from '../privacy/attestation.js';
import type { OpenEvents } from '../privacy/open-events.js';
import type { HistoryReader } from '../views/history.js';
import type { ProjectionStore } from '../views/projection.js';

/** One kind of aggregate that a context owns, for operators. */
export interface AggregateView {
  readonly events: EventStream;
  readonly states: Pick<Aggregates<Aggregate>, 'find'>;
  /** The history as it is stored: personal parts are sealed. Undefined without a history. */
  readonly recorded?: HistoryReader | undefined;
  /** The history with personal parts opened. */
  readonly opened?: HistoryReader | undefined;
  /** Undefined if the aggregate is no person. */
  readonly attesting?: Erasures | undefined;
}

/** What operators look at in a context. */
export interface ContextViews {
  readonly aggregates: readonly AggregateView[];
  /** Copies of other contexts' aggregates. */
  readonly copies: readonly { readonly collection: string; readonly store: Pick<ProjectionStore<unknown>, 'find'> }[];
  /** Returns what opens events that are sealed with the keys on a topic; undefined if the context has no such keys. */
  readonly openWith: (keysTopic: string) => OpenEvents | undefined;
}
