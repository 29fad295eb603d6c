import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { backoffDelay } from '../backoff.js';
import type { Consumption, LoggedRecord, RecordHandler, StartAt } from '../bus/bus.js';
import { describeRecords, whyAgain } from '../bus/describe-records.js';
import { coalesce } from '../coalesce.js';
import type { DependencyHealth } from '../health/health.js';
import { loggable, reasonFor as reasonForFailure } from '../programming-error.js';
import { reasonFor } from './kafka-errors.js';
import { KafkaLease } from './kafka-lease.js';
import { toLoggedRecord } from './kafka-record.js';

/** Records between two heartbeats and offset commits. */
const MOST_RECORDS_A_TURN = 500;
/** Handled at the same time, so that what they write can go together. */
const MOST_PARTITIONS = 12;
/**
 * Milliseconds that a fetch is put off where records arrive all the time: few large batches cost everybody much less than
 * many small ones. A record that comes by itself is fetched at once.
 */
const LINGER = 50;
/** Milliseconds within which records that follow others come all the time. */
const STREAMING = 10;

/** A batch, of which everything before an offset is done. */
type Done = Pick<EachBatchPayload, 'batch' | 'commitOffsetsIfNecessary'> & { readonly next: number };

/** One member of a consumer group; it outlives every crash of the kafkajs consumer within. */
export class KafkaConsumption implements Consumption {
  private consumer: ReturnType<Kafka['consumer']>;
  private trouble: string | undefined = 'has not joined its group yet';
  private stopped = false;
  /** By partition: how often its records could not be handled, and why. */
  private readonly failures = new Map<string, { readonly count: number; readonly why: string }>();
  private handledAt = -Infinity;
  /** By topic and partition: the assigned ones, and whether each has been told where to start. */
  private starts = new Map<string, Promise<void>>();
  /** Partitions that are done at the same moment are committed together. */
  private readonly commit = coalesce<Done, void>({ maxBatch: 1_000, maxWaiting: Infinity }, async (done) => {
    const topics = [...new Set(done.map(({ batch }) => batch.topic))].map((topic) => ({
      topic,
      partitions: done
        .filter(({ batch }) => batch.topic === topic)
        .map(({ batch: { partition }, next }) => ({ partition, offset: String(next) })),
    }));
    await done.at(-1)?.commitOffsetsIfNecessary({ topics });
    return [];
  });
  private readonly timers = new Set<NodeJS.Timeout>();
  /** Of the handlers that are at work. */
  private readonly leases = new Set<KafkaLease>();

  constructor(
    private readonly kafka: Kafka,
    /** Milliseconds without a heartbeat after which the group gives a dead member's partitions to others. */
    private readonly sessionTimeout: number,
    private readonly group: string,
    private readonly handlers: ReadonlyMap<string, RecordHandler>,
    private readonly logger: Logger,
    private readonly startAt?: StartAt,
  ) {
    this.consumer = this.newConsumer();
  }

  async start(): Promise<void> {
    const { consumer } = this;
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.handlers.keys()], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: MOST_PARTITIONS,
      eachBatch: (payload) => this.handleBatch(payload),
    });
  }

  health(): DependencyHealth {
    const detail = this.trouble ?? [...this.failures.values()][0]?.why;
    return detail === undefined ? { up: true } : { up: false, detail: `consumer of group ${this.group} ${detail}` };
  }

  restart(topic: string, partition: number, offset: number): void {
    if (this.starts.has(`${topic}-${partition}`)) this.consumer.seek({ topic, partition, offset: String(offset) });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const lease of this.leases) lease.end();
    await this.consumer.disconnect();
  }

  private newConsumer(): ReturnType<Kafka['consumer']> {
    const { sessionTimeout } = this;
    const consumer = this.kafka.consumer({
      groupId: this.group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout * 2,
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      retry: {
        retries: 10,
        maxRetryTime: 2_000,
        // It may crash while it stops, and must not come back from that.
        restartOnFailure: () => Promise.resolve(!this.stopped),
      },
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.trouble = undefined;
      this.starts = new Map();
      for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
        for (const partition of partitions) this.startPartition(topic, partition).catch(() => undefined);
      }
      // Some of the partitions may be others' now.
      this.failures.clear();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.trouble = `stopped: ${reasonFor(payload.error) ?? payload.error.name}`;
      // kafkajs gives up for good on an error that it does not hold for retriable, whatever its options say.
      if (!payload.restart) this.replaceAfter(1);
    });
    return consumer;
  }

  private replaceAfter(failures: number): void {
    this.after(backoffDelay(failures), async () => {
      await this.consumer.disconnect().catch(() => undefined);
      if (!this.stopped) await this.startAnother(failures);
    });
  }

  private async startAnother(failures: number): Promise<void> {
    this.consumer = this.newConsumer();
    try {
      await this.start();
    } catch (error) {
      this.logger.warn({ err: error, group: this.group }, 'consumer cannot start');
      this.replaceAfter(failures + 1);
    }
    // It may have been told to stop while it started.
    if (this.stopped) await this.consumer.disconnect().catch(() => undefined);
  }

  /** Has a partition start where `startAt` says; once for each time that it is assigned. */
  private startPartition(topic: string, partition: number): Promise<void> {
    const name = `${topic}-${partition}`;
    const { starts, consumer } = this;
    const seek = async (): Promise<void> => {
      const offset = await this.startAt?.(topic, partition);
      if (offset !== undefined && starts === this.starts) consumer.seek({ topic, partition, offset: String(offset) });
    };
    const started = starts.get(name) ?? seek();
    starts.set(name, started);
    return started.catch((error: unknown) => {
      if (starts.get(name) === started) starts.delete(name);
      throw error;
    });
  }

  private async handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    const handler = this.handlers.get(topic);
    if (!handler) return;
    try {
      await this.startPartition(topic, partition);
    } catch (error) {
      const first = batch.messages.slice(0, 1).map((message) => toLoggedRecord(topic, partition, message));
      this.pauseAfterFailure(payload, first, error);
      return;
    }
    const isStreaming = performance.now() - this.handledAt < STREAMING;
    for (let from = 0; from < batch.messages.length; from += MOST_RECORDS_A_TURN) {
      if (!isRunning() || isStale()) return;
      const messages = batch.messages.slice(from, from + MOST_RECORDS_A_TURN);
      const last = messages.at(-1) as KafkaMessage;
      const records = messages.map((message) => toLoggedRecord(topic, partition, message));
      const lease = new KafkaLease(payload);
      this.leases.add(lease);
      try {
        await handler(records, lease);
      } catch (error) {
        // kafkajs joins the group again when it is told; until then nobody handles the partition.
        if (lease.refusal) throw lease.refusal;
        // Unresolved, they are the next member's.
        if (!lease.signal.aborted) this.pauseAfterFailure(payload, records, error);
        return;
      } finally {
        this.leases.delete(lease);
      }
      this.failures.delete(`${topic}-${partition}`);
      resolveOffset(last.offset);
      await this.commit({ batch, commitOffsetsIfNecessary, next: Number(last.offset) + 1 });
      await heartbeat();
    }
    const isMoreThere = batch.offsetLag() !== '0';
    if (isStreaming && !isMoreThere) await sleep(LINGER);
    this.handledAt = performance.now();
  }

  /** Unresolved, the records come again when the partition resumes; other partitions go on meanwhile. */
  private pauseAfterFailure(
    { batch, pause }: EachBatchPayload,
    records: readonly LoggedRecord[],
    error: unknown,
  ): void {
    const name = `${batch.topic}-${batch.partition}`;
    const failures = (this.failures.get(name)?.count ?? 0) + 1;
    const why = whyAgain(records[0] as LoggedRecord, reasonForFailure(error), failures);
    this.failures.set(name, { count: failures, why });
    const line = { ...describeRecords(records), group: this.group, failures, ...loggable(error) };
    this.logger.warn(line, 'records will come again');
    this.after(backoffDelay(failures), pause());
  }

  private after(milliseconds: number, work: () => void | Promise<void>): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.stopped) void work();
    }, milliseconds);
    this.timers.add(timer);
  }
}
