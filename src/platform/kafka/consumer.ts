import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { backoffDelay } from '../tools/backoff.js';
import type { RunningConsumer, LoggedRecord, RecordHandler, StartAt } from '../log/bus.js';
import { describeRecords, whyAgain } from '../log/describe-records.js';
import { batched } from '../tools/batching.js';
import type { DependencyHealth } from '../tools/dependency.js';
import { loggable, reasonFor as reasonForFailure } from '../tools/programming-error.js';
import { reasonFor } from './errors.js';
import { type Assignment, KafkaLag } from './lag.js';
import { KafkaLease } from './lease.js';
import { toLoggedRecord } from './record.js';
import { KafkaWatchdog, type Watched } from './watchdog.js';

/** Records between two heartbeats and offset commits. */
const MAX_RECORDS_A_TURN = 500;
/** Handled at the same time, so that what they write can go together. */
const MAX_PARTITIONS = 12;
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
export class KafkaConsumer implements RunningConsumer, Watched {
  restarts = 0;
  private consumer: Consumer;
  private trouble: string | undefined = 'has not joined its group yet';
  private stopped = false;
  /** By partition: how often its records could not be handled, and why. */
  private readonly failures = new Map<string, { readonly count: number; readonly why: string }>();
  private handledAt = -Infinity;
  /** By topic and partition: the assigned ones, and whether each has been told where to start. */
  private starts = new Map<string, Promise<void>>();
  /** Partitions that are done at the same moment are committed together. */
  private readonly commit = batched<Done, void>({ maxBatch: 1_000, maxWaiting: Infinity }, async (done) => {
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
  readonly leases = new Set<KafkaLease>();
  assigned: Assignment | undefined;
  private moved = new Set<string>();
  private readonly watchdog: KafkaWatchdog;

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
    const interval = Math.floor(sessionTimeout / 2);
    const lag = new KafkaLag(kafka, group, interval);
    this.watchdog = new KafkaWatchdog(this, lag, interval, logger, (partitions) => this.replaceAtOnce(partitions));
  }

  async start(): Promise<void> {
    const { consumer } = this;
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.handlers.keys()], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: MAX_PARTITIONS,
      eachBatch: (payload) => this.handleBatch(consumer, payload),
    });
  }

  health(): DependencyHealth {
    const { suspect } = this.watchdog;
    const standing = suspect === undefined ? undefined : `takes nothing from ${suspect}, where it is behind`;
    const detail = this.trouble ?? [...this.failures.values()][0]?.why ?? standing;
    return detail === undefined ? { up: true } : { up: false, detail: `consumer of group ${this.group} ${detail}` };
  }

  restart(topic: string, partition: number, offset: number): void {
    if (this.starts.has(`${topic}/${partition}`)) this.consumer.seek({ topic, partition, offset: String(offset) });
  }

  takeMoved(): ReadonlySet<string> {
    const { moved } = this;
    this.moved = new Set();
    return moved;
  }

  waits(partition: string): boolean {
    return this.failures.has(partition);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.watchdog.stop();
    for (const timer of this.timers) clearTimeout(timer);
    for (const lease of this.leases) lease.end();
    await this.consumer.disconnect();
  }

  private newConsumer(): Consumer {
    const { sessionTimeout } = this;
    const consumer: Consumer = this.kafka.consumer({
      groupId: this.group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout * 2,
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      retry: {
        retries: 10,
        maxRetryTime: 2_000,
        // It may crash while it stops or when it was replaced, and must not come back from that.
        restartOnFailure: () => Promise.resolve(!this.stopped && consumer === this.consumer),
      },
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (consumer !== this.consumer) return;
      this.trouble = undefined;
      this.assigned = new Map(Object.entries(payload.memberAssignment));
      this.starts = new Map();
      for (const [topic, partitions] of this.assigned) {
        for (const partition of partitions) this.startPartition(topic, partition).catch(() => undefined);
      }
      // Some of the partitions may be others' now.
      this.failures.clear();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (consumer !== this.consumer) return;
      this.assigned = undefined;
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

  /** Does not wait for the one that stands still: what it waits for may never come. */
  private replaceAtOnce(partitions: readonly string[]): void {
    if (this.stopped || this.assigned === undefined) return;
    this.logger.error({ group: this.group, partitions }, 'consumer stands still and is replaced');
    this.restarts += 1;
    this.assigned = undefined;
    this.trouble = 'stood still and is being replaced';
    for (const lease of this.leases) lease.end();
    this.leases.clear();
    void this.consumer.disconnect().catch(() => undefined);
    void this.startAnother(0);
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
    const name = `${topic}/${partition}`;
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

  private async handleBatch(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
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
    for (let from = 0; from < batch.messages.length; from += MAX_RECORDS_A_TURN) {
      if (!isRunning() || isStale()) return;
      const messages = batch.messages.slice(from, from + MAX_RECORDS_A_TURN);
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
      // What was replaced is no member any more, and its records are with the one that took its place.
      if (consumer !== this.consumer) return;
      this.failures.delete(lease.partition);
      resolveOffset(last.offset);
      await this.commit({ batch, commitOffsetsIfNecessary, next: Number(last.offset) + 1 });
      this.moved.add(lease.partition);
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
    const name = `${batch.topic}/${batch.partition}`;
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
