import type { BusRecord } from '../log/bus.js';
import type { Compression } from '../operating/config/kafka-settings.js';
import type { Assignment } from './lag.js';
import type { FetchedMessage } from './record.js';

/**
 * A client library, as far as it sends and fetches records. Admin requests are few, and always those of kafkajs.
 */
export interface RecordClient {
  /** Connects a producer of one topic. @throws Error when Kafka cannot be reached */
  connectProducer(options: ProducerOptions): Promise<ConnectedProducer>;
  newMember(options: MemberOptions): Member;
  /** Connects for single fetches. */
  connectFetcher(): Promise<ConnectedFetcher>;
}

/** Settings of a producer. */
export interface ProducerOptions {
  /** The topic's name in Kafka. */
  readonly topic: string;
  readonly compression: Compression;
  /** Called with the topic's partition count before records are sent; throws when they must not be. */
  readonly expect: (partitions: number) => void;
}

/** A producer that is used for one send at a time, and not again after a failure. */
export interface ConnectedProducer {
  /** Appends the records in order. Returns the partitions that were sent to and have not confirmed. */
  send(records: readonly BusRecord[]): Promise<readonly number[]>;
  disconnect(): Promise<void>;
}

/** Fetches without a consumer group. */
export interface ConnectedFetcher {
  /** Returns the records of the first batch that reaches an offset. @throws Error when there is none, or no answer */
  fetch(topic: string, partition: number, offset: number): Promise<readonly FetchedMessage[]>;
  disconnect(): Promise<void>;
}

/** Settings of a {@link Member}. Times are in milliseconds. */
export interface MemberOptions {
  readonly group: string;
  /** False if its caller seeks after each join, and commits nothing: a client may then read without the group. */
  readonly commits: boolean;
  readonly sessionTimeout: number;
  /** Time that a broker waits for records before it answers a fetch. */
  readonly maxWaitMs: number;
  /** Partitions that are handled at the same time. */
  readonly concurrency: number;
  /** Retries of a failed request, before it counts as a crash. */
  readonly retries: number;
  /** Asked for each partition that it has: whether to fetch it. Default: all. For readers that commit nothing. */
  readonly mayFetch?: (topic: string, partition: number) => boolean;
  /** Asked after a crash that the client considers temporary: whether it shall start again by itself. */
  readonly mayRestart: () => boolean;
  readonly on: MemberEvents;
}

/** What a member reports. */
export interface MemberEvents {
  /** It has joined, with these partitions. Seeks that are made now apply before the first fetch. */
  join(assigned: Assignment): void;
  /** It has fetched. */
  fetch?(): void;
  /** Its membership was extended. */
  heartbeat?(): void;
  /** It has stopped. @param restarts true if it starts again by itself */
  crash(error: Error, restarts: boolean): void;
  /** It has passed records that are for brokers alone, such as the markers of transactions. */
  emptyBatch?(topic: string, partition: number, firstOffset: number, lastOffset: number): void;
}

/** The records of one partition that were fetched together. */
export interface MemberBatch {
  readonly batch: {
    readonly topic: string;
    readonly partition: number;
    readonly messages: readonly FetchedMessage[];
    /** The offset that was asked for; undefined where nothing is handed over that was fetched before a seek. */
    readonly fetchedOffset?: string;
    firstOffset(): string | null;
    lastOffset(): string;
    /** Number of records that are in the partition after these. */
    offsetLag(): string;
  };
  /** @throws Error when the partition may belong to another member */
  heartbeat(): Promise<void>;
  /** Says that the records up to this one are handled. Others come again. */
  resolveOffset(offset: string): void;
  commitOffsetsIfNecessary(offsets: Offsets): Promise<void>;
  isRunning(): boolean;
  /** True once the partition belongs to another member, or continues somewhere else. */
  isStale(): boolean;
  /** Stops fetching the partition. Returns a function that resumes. */
  pause(): () => void;
}

/** The offsets of the next records to consume. */
export interface Offsets {
  topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
}

export type BatchHandler = (batch: MemberBatch) => Promise<void>;

/** A member of a consumer group, or a reader without one. */
export interface Member {
  readonly hasGroup: boolean;
  /** Consumes the topics from their oldest records, or from where the group is. After a stop, it begins again. */
  start(topics: readonly string[], handle: BatchHandler): Promise<void>;
  /** Continues a partition at this offset. */
  seek(position: { topic: string; partition: number; offset: string }): void;
  /** Leaves the group, after the handlers that run. */
  disconnect(): Promise<void>;
}
