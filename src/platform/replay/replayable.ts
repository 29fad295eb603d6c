import type { Restorable } from '../aggregate/aggregates.js';
import type { Subscription } from '../subscriber/subscription.js';
import type { Auditable } from './auditable.js';

/** What of a context's database is a function of the log, and how it comes about. */
export interface Replayable {
  /**
   * What the context keeps of each topic: its projections, and none of its reactions that do something new. What is
   * read of its own topic are states to restore.
   */
  readonly projections: readonly Subscription[];
  /** The context's own aggregates, of which the store knows more than the log: what is not published yet. */
  readonly systemOfRecord: Restorable;
  /** Every collection that the projections fill. */
  readonly collections: readonly Auditable[];
  /** Makes indexes. */
  prepare(): Promise<void>;
}
