import type { DependencyHealth } from '../tools/dependency.js';
import type { Lease } from './lease.js';

/** Text, or bytes that are no text in UTF-8. */
export type HeaderValue = string | Buffer;

/** A list where a header is repeated. */
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;

/** What is published: the key decides the partition, and records of one key keep their order. */
export interface BusRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** A record at its place in the log. */
export interface LoggedRecord extends BusRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * Takes records of one partition, in order. They are done when it returns; when it throws, the same records come again,
 * after a pause, for as long as it takes. A record may come more than once. A handler that may take longer than a
 * session heartbeats, or another member gets the same records meanwhile.
 */
export type RecordHandler = (records: readonly LoggedRecord[], lease: Lease) => Promise<void>;

/** Where a member starts a partition that it has been assigned. May throw: it is asked again. */
export type StartAt = (topic: string, partition: number) => Promise<number>;

/** A running member of a consumer group. */
export interface RunningConsumer {
  health(): DependencyHealth;
  /** Hands over the records of a partition again, from an offset on; does nothing where another member has it. */
  restart(topic: string, partition: number, offset: number): void;
  /** How often it was replaced because it was behind and did not move. */
  readonly restarts: number;
  /** Finishes the records in hand, commits their offsets and leaves the group. */
  stop(): Promise<void>;
}

/** A reading of topics from their oldest records on, apart from every consumer group. */
export interface LogReader {
  /**
   * Records that are done, of all those that the topics held when the reading began or {@link LogReader.caughtUp} was last
   * called.
   */
  readonly progress: { readonly read: number; readonly total: number };
  /**
   * Answers when every record that the topics hold at the time of the call is done. May be called again and again.
   * @throws whatever the handler threw, and after that always: the reading has ended. Also when it was stopped, or when
   * the log went away for longer than it waits.
   */
  caughtUp(): Promise<void>;
  /** Ends it, once the records in hand are done. */
  stop(): Promise<void>;
}

/** A partition: the offset of its oldest record, and that after its newest. */
export interface Extent {
  readonly partition: number;
  readonly first: number;
  readonly end: number;
}

/** A topic as it is, in Kafka's words. */
export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Of the cluster: there can be as many replicas. */
  readonly brokers: number;
  /** Replicas that it must have; undefined where nobody has said. */
  readonly wantedReplicas?: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** An ordered, durable log with topics, partitions and consumer groups. */
export interface Bus {
  /**
   * Creates the topics that are missing, so that they keep every record permanently.
   * @param partitions how many each has; those that it does not name have as many as the settings say
   * @throws PlatformError `too-few-brokers` when they would have fewer replicas than they must have.
   */
  createTopics(topics: readonly string[], partitions?: ReadonlyMap<string, number>): Promise<void>;
  /** Those of the topics that exist. @throws PlatformError `not-permitted` when their settings may not be seen. */
  describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]>;
  /** How many partitions those of the topics have that exist. */
  countPartitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** How many records each of the topics holds; 0 where there is no such topic. */
  countRecords(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The partitions of the topic as they are now; none where there is no such topic. */
  extents(topic: string): Promise<readonly Extent[]>;
  /** How many records of the topic the group has still to take: all, where it never took any. */
  consumerLag(group: string, topic: string): Promise<number>;
  /**
   * Hands over all records of the topics, each partition in its order, perhaps several partitions at a time, and then
   * the new ones, by the next {@link LogReader.caughtUp} at the latest. Topics that do not exist hold nothing.
   * @param newest starts each partition with so many of its newest records
   */
  read(topics: readonly string[], handler: RecordHandler, newest?: number): Promise<LogReader>;
  /**
   * Appends the records in order; answers when they are durable. After a failure some of them may be in the log.
   * @throws PlatformError `record-too-large` when the log will never take one of them, for its size;
   * `partitions-changed` when the topic has another number of partitions than this bus has found first.
   */
  publish(topic: string, records: readonly BusRecord[]): Promise<void>;
  /**
   * Joins the group, which starts at the oldest record. Offsets are committed after the handler returns.
   * @param startAt where given, decides where each assigned partition starts, instead of the committed offset
   */
  consume(group: string, handlers: ReadonlyMap<string, RecordHandler>, startAt?: StartAt): Promise<RunningConsumer>;
  check(): Promise<DependencyHealth>;
  close(): Promise<void>;
}
