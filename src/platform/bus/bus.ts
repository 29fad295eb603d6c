import type { DependencyHealth } from '../health/health.js';

export type Headers = Readonly<Record<string, string>>;

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
 * after a pause, for as long as it takes. A record may come more than once.
 */
export type RecordHandler = (records: readonly LoggedRecord[]) => Promise<void>;

/** A running member of a consumer group. */
export interface Consumption {
  health(): DependencyHealth;
  /** Finishes the records in hand, commits their offsets and leaves the group. */
  stop(): Promise<void>;
}

/** An ordered, durable log with topics, partitions and consumer groups. */
export interface Bus {
  /** Creates the topics that are missing, so that they keep every record for ever. */
  createTopics(topics: readonly string[]): Promise<void>;
  /** Appends the records in order; answers when they are durable. After a failure some of them may be in the log. */
  publish(topic: string, records: readonly BusRecord[]): Promise<void>;
  /** Joins the group, which starts at the oldest record. Offsets are committed after the handler returns. */
  consume(group: string, handlers: ReadonlyMap<string, RecordHandler>): Promise<Consumption>;
  check(): Promise<DependencyHealth>;
  close(): Promise<void>;
}
