import type { DependencyHealth } from '../tools/dependency.js';
import type { Lease } from './lease.js';

/** Text, or bytes that are not valid UTF-8. */
export type HeaderValue = string | Buffer;

/** A repeated header is a list. */
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;

/** A record to publish. The key determines the partition; records with the same key keep their order. */
export interface BusRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** A record with its location in the log. */
export interface LoggedRecord extends BusRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Handles records of one partition, in order. When it throws, the same records are delivered again after a pause, until
 * they succeed. A record may be delivered more than once. A handler that may exceed the session timeout must call
 * `lease.heartbeat()`, or another member gets the same records.
 */
export type RecordHandler = (records: readonly LoggedRecord[], lease: Lease) => Promise<void>;

/** A partition, and an offset up to which it is consumed. */
export interface PartitionEnd {
  readonly partition: number;
  readonly end: number;
}

/** Where a group may begin a partition that continues those of the topic's former generation. */
export interface Continuation {
  readonly at: number;
  /** The group must have consumed the former partitions up to these offsets. */
  readonly after: readonly PartitionEnd[];
}

/**
 * Returns the start offset of an assigned partition. If it throws, it is called again.
 * @param continues undefined if the topic has no former generation
 */
export type StartAt = (topic: string, partition: number, continues?: Continuation) => Promise<number>;

/** Returns true if the group has consumed these partitions up to these offsets, as its own database says. */
export type HasReached = (topic: string, ends: readonly PartitionEnd[]) => Promise<boolean>;

/** Partitions by topic. */
export type PartitionsByTopic = ReadonlyMap<string, readonly number[]>;

/** A running member of a consumer group. */
export interface RunningConsumer {
  health(): DependencyHealth;
  /** Returns the partitions that it has; none while it is joining its group. */
  assignment(): PartitionsByTopic;
  /** Delivers the records of a partition again, from an offset. Does nothing if another member has the partition. */
  restart(topic: string, partition: number, offset: number): void;
  /** Number of times that it was replaced because it lagged without progress. */
  readonly restarts: number;
  /** Finishes the current records, commits their offsets and leaves the group. */
  stop(): Promise<void>;
}

/** A partition, and the offset of the record with which a reader goes on. */
export interface NextRecord {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

/** Reads topics from their oldest records, outside all consumer groups. */
export interface LogReader {
  /**
   * Records handled so far, of those in the topics when the reader started or {@link LogReader.caughtUp} was last
   * called.
   */
  readonly progress: { readonly read: number; readonly total: number };
  /**
   * Resolves when every record that is in the topics at the time of the call has been handled. May be called
   * repeatedly.
   * @throws the error of the handler, and from then on always; also after `stop`, or when the log was unavailable too
   * long
   */
  caughtUp(): Promise<void>;
  /** Returns the offset of each partition up to which all of its records have been handled. */
  positions(): readonly NextRecord[];
  /** Stops the reader after the current records. */
  stop(): Promise<void>;
}

/** Where a reader begins: with the oldest records, unless one of these says otherwise. */
export interface ReadFrom {
  /** Starts each partition with this number of its newest records. */
  readonly newest?: number;
  /** Returns the offset of the first record to read of each partition. */
  readonly startAt?: (topic: string, partition: number) => number;
  /** Only these partitions are read. Default: all. */
  readonly partitions?: PartitionsByTopic;
  /**
   * Returns the number of records of a window: each partition of the topic is read in windows, the newest first, and the
   * records of each in order. Infinite: the topic is read in order.
   */
  readonly window?: (topic: string) => number;
}

/** Returns true if a reader reads a partition. */
export function isToRead({ partitions }: ReadFrom, topic: string, partition: number): boolean {
  return partitions === undefined || (partitions.get(topic)?.includes(partition) ?? false);
}

/** Returns the offset at which a reader begins a partition. */
export function firstToRead({ newest = Infinity, startAt }: ReadFrom, topic: string, extent: Extent): number {
  const { partition, first, end } = extent;
  return Math.max(first, end - newest, Math.min(end, startAt?.(topic, partition) ?? 0));
}

/** A partition with the offset of its oldest record, and the offset after its newest. */
export interface Extent {
  readonly partition: number;
  readonly first: number;
  readonly end: number;
  /** It belongs to a former generation of the topic. It counts as empty, and ends where its events ended. */
  readonly isFormer?: true;
}

/** How far a consumer group is in one partition. */
export interface PartitionLag {
  readonly partition: number;
  /** The offset that the group has committed; undefined if it has committed none. */
  readonly committed?: number;
  /** Offset of the first record that the group has not consumed. */
  readonly next: number;
  /** Offset after the newest record; not less than `next`. */
  readonly end: number;
}

/** Returns the number of records in these partitions that the group has not consumed. */
export function recordsBehind(partitions: readonly PartitionLag[]): number {
  return partitions.reduce((sum, { next, end }) => sum + end - next, 0);
}

/** A topic's current configuration, in Kafka's terms. */
export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Number of brokers, which limits the number of replicas. */
  readonly brokers: number;
  /** Required number of replicas; undefined if not configured. */
  readonly wantedReplicas?: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** An ordered, durable log with topics, partitions and consumer groups. */
export interface Bus {
  /**
   * Creates missing topics with unlimited retention.
   * @param partitions number of partitions by topic (default: as configured)
   * @throws PlatformError `too-few-brokers` when a topic would have fewer replicas than required
   */
  createTopics(topics: readonly string[], partitions?: ReadonlyMap<string, number>): Promise<void>;
  /**
   * Returns the existing ones of the topics. @throws PlatformError `not-permitted` when reading settings is not allowed
   */
  describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]>;
  /**
   * Returns the number of partitions of each existing topic. The name of a topic with generations is that of the active
   * one in Kafka: another generation may have another number.
   */
  countPartitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Returns the number of records in each topic; 0 for a missing topic. */
  countRecords(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Returns the topic's partitions; none for a missing topic. */
  extents(topic: string): Promise<readonly Extent[]>;
  /**
   * Returns what the group has not consumed of each partition: all, if it has never consumed any. Includes a former
   * generation that the group has not consumed to its end. None for a missing topic.
   */
  consumerLag(group: string, topic: string): Promise<readonly PartitionLag[]>;
  /** Returns the first record of a partition from an offset on; undefined if there is none. */
  firstRecord(topic: string, partition: number, offset: number): Promise<LoggedRecord | undefined>;
  /**
   * Delivers all records of the topics, then new ones, at the latest when {@link LogReader.caughtUp} is called. Each
   * partition is read in order, unless {@link ReadFrom.window} says otherwise, and several possibly at the same time. A missing topic counts as empty. Reads the
   * active generation; {@link LogReader.caughtUp} throws `generation-switched` once that is another one.
   */
  read(topics: readonly string[], handler: RecordHandler, from?: ReadFrom): Promise<LogReader>;
  /**
   * Appends the records in order. Resolves when they are durable. After a failure some of them may be in the log.
   * @throws PlatformError `record-too-large` when a record exceeds the topic's limit, `partitions-changed` when the
   * topic's number of partitions differs from the one first seen by this bus
   */
  publish(topic: string, records: readonly BusRecord[]): Promise<void>;
  /**
   * Joins the group, which starts at the oldest record. Offsets are committed soon after the handler returns. When a topic
   * is switched to another generation, the group first consumes the rest of the former one.
   * @param startAt returns the start offset of each assigned partition, instead of the committed offset
   * @param hasReached tells whether the group has consumed a former generation (default: assumes it)
   */
  consume(
    group: string,
    handlers: ReadonlyMap<string, RecordHandler>,
    startAt?: StartAt,
    hasReached?: HasReached,
  ): Promise<RunningConsumer>;
  check(): Promise<DependencyHealth>;
  close(): Promise<void>;
}
