import type {
  Aggregate,
  Aggregates,
  Change,
  CommandRetention,
  LogCompared,
  Restorable,
} from '../aggregate/aggregates.js';
import type { PartitionPins } from '../log/partition-pins.js';
import type { EventStream } from '../event/event-stream.js';
import type { DependencyHealth } from '../tools/dependency.js';
import type { History } from '../views/history.js';
import type { FieldPath, Listing } from '../views/listing.js';
import type { ProjectionStore } from '../views/projection.js';
import type { Positions } from '../consuming/positions.js';
import type { Auditable } from '../rebuilding/auditable.js';
import type { Inspectable } from '../rebuilding/inspection.js';
import type { Rebuild } from '../rebuilding/rebuild.js';

/** A collection that is a function of the log, so that it can be compared with it. */
export interface Audited {
  audit(): Auditable;
}

/** The system of record for one kind of aggregate, with all that the platform asks of it. */
export interface AggregateStore<State extends Aggregate, Changed extends Change<State> = Change<State>>
  extends Aggregates<State, Changed>, Restorable<State>, LogCompared, CommandRetention, Audited {
  /**
   * Creates what its queries need, and these indexes. Safe to repeat, and on several instances at once.
   * @throws PlatformError `unavailable` when the database does not answer
   */
  prepare(indexes?: readonly Index[]): Promise<void>;
}

/**
 * Paths into the state, most significant first; the id comes last in every index. A list needs one for each combination
 * of filter and first sort field.
 */
export type Index = readonly FieldPath[];

/** Opens the collections of one database. Opening creates nothing. */
export interface Stores {
  aggregates<State extends Aggregate, Changed extends Change<State> = Change<State>>(
    collection: string,
    events: EventStream,
  ): AggregateStore<State, Changed>;
  /** Pages through the states of a collection of aggregates. */
  listing<State extends Aggregate>(collection: string): Listing<State>;
  history<State>(collection: string): History<State> & Audited;
  projection<State>(collection: string): ProjectionStore<State> & Audited;
}

/** One context's own database. */
export interface Database extends Inspectable {
  /** The technology, as logs and health name it. */
  readonly kind: 'mongodb' | 'embedded';
  /** As people know it: a folder, the name of a database. */
  readonly location: string;
  readonly stores: Stores;
  /** Of the context's consumer group. */
  readonly positions: Positions;
  /** Of the topics that the context uses; undefined where topics always have the same partitions. */
  readonly pins?: PartitionPins;
  /**
   * The text that is kept under a name; where there is none yet, one is made and kept. Of several that are made at once
   * one wins. It outlives rebuilds.
   */
  keepFirst(name: string, make: () => Promise<string>): Promise<string>;
  check(): Promise<DependencyHealth>;
  /** Begins to build these collections anew; a rebuild of any of them that is under way is overtaken by it. */
  beginRebuild(collections: readonly string[]): Promise<Rebuild<Database>>;
  /** Opens one of another name, empty: what was there is deleted. */
  openBeside(suffix: string): Promise<Database>;
  close(): Promise<void>;
}
