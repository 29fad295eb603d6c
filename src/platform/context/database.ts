import type {
  Aggregate,
  Aggregates,
  Change,
  CommandRetention,
  LogCompared,
  Restorable,
} from '../aggregate/aggregates.js';
import type { Checkpoints } from '../checkpoints/checkpoint.js';
import type { PartitionPins } from '../log/partition-pins.js';
import type { EventStream } from '../event/event-stream.js';
import type { KeyStore } from '../privacy/rotate-keys.js';
import type { KeyCopies } from '../privacy/key-source.js';
import type { SealingKeys } from '../privacy/sealing-keys.js';
import type { DependencyHealth } from '../tools/dependency.js';
import type { History } from '../views/history.js';
import type { FieldPath, ListingStore } from '../views/listing.js';
import type { ProjectionStore } from '../views/projection.js';
import type { Positions } from '../consuming/positions.js';
import type { Auditable } from '../rebuilding/auditable.js';
import type { Inspectable } from '../rebuilding/inspection.js';
import type { Rebuild } from '../rebuilding/rebuild.js';

/** A collection that is derived from the log, so that it can be compared with it. */
export interface Audited {
  audit(): Auditable;
}

/** The system of record for one kind of aggregate, with everything that the platform needs of it. */
export interface AggregateStore<State extends Aggregate, Changed extends Change<State> = Change<State>>
  extends Aggregates<State, Changed>, Restorable<State>, LogCompared, CommandRetention, Audited {
  /** The keys in the documents, if the aggregates are persons. */
  readonly keys: KeyStore;
  /** Registers a listener for every bulk write. @param listener called with the number of saves that share it */
  onBulkWrite(listener: (saves: number) => void): void;
  /**
   * Creates the indexes that its own queries need, and these. Safe to repeat, also concurrently on several instances.
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
    /** Undefined: events are published in clear text. */
    sealing?: SealingKeys,
  ): AggregateStore<State, Changed>;
  /** Pages through the states of a collection of aggregates. */
  listing<State extends Aggregate>(collection: string): ListingStore<State>;
  history<State>(collection: string): History<State> & Audited;
  projection<State>(collection: string): ProjectionStore<State> & Audited;
  /** Copies of the keys that another context publishes. */
  keyCopies(collection: string): KeyCopies;
}

/** One context's own database. */
export interface Database extends Inspectable {
  /** The technology, as logs and health name it. */
  readonly kind: 'mongodb' | 'embedded';
  /** The folder or the name of the database, for people. */
  readonly location: string;
  readonly stores: Stores;
  /** The positions of the context's consumer group. */
  readonly positions: Positions;
  readonly checkpoints: Checkpoints;
  /** The partition counts of the topics in use; undefined if topics always have the same number. */
  readonly pins?: PartitionPins;
  /**
   * Returns the text stored under a name, after storing the result of `make` if there is none. Concurrent callers get
   * the same text. Rebuilds keep it.
   */
  keepFirst(name: string, make: () => Promise<string>): Promise<string>;
  /** Removes deleted and overwritten values from the disk, where the database keeps them until then. */
  purge?(): Promise<void>;
  /** Where the database keeps such values for a while, whatever a client does; for people. */
  readonly overwritten?: string;
  check(): Promise<DependencyHealth>;
  /** Begins a rebuild of these collections. It supersedes a running rebuild of any of them. */
  beginRebuild(collections: readonly string[]): Promise<Rebuild<Database>>;
  /**
   * Opens the new collections of a rebuild that another thread has begun; undefined if only one thread can.
   * @param name of the rebuild
   */
  joinRebuild?(name: string): Database;
  /** Opens an empty database with this suffix in its name, after deleting an existing one. */
  openBeside(suffix: string): Promise<Database>;
  close(): Promise<void>;
}
