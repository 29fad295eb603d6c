import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { backoffDelay, retryUntilDone } from '../tools/backoff.js';
import type { LogReader, RecordHandler } from '../log/bus.js';
import { type Position, progressOf } from '../log/progress.js';
import { unavailable } from '../tools/errors.js';
import type { KafkaAdmin } from './admin.js';
import { KafkaLease } from './lease.js';
import { toLoggedRecord } from './record.js';
import { existingTopics, extentsOf } from './topics.js';

/** Records between two heartbeats. */
const MAX_RECORDS_A_TURN = 500;
/** How a reading bears with its broker; milliseconds. */
export interface ReadingSettings {
  /** Without a heartbeat, after which the group gives the partitions away. */
  readonly sessionTimeout: number;
  /** That Kafka may be away, with nothing read meanwhile, before the reading ends. */
  readonly logReaderTimeoutMs: number;
  /** Records of each partition that it starts before the end, at most. */
  readonly newest: number;
}

/**
 * A reading of whole topics, in a consumer group of its own that commits nothing and is gone afterwards. Where it is it
 * knows itself, so that it goes on there whenever it has to join its group again: after a handler that took longer than
 * a session, or after a broker's restart.
 */
export class KafkaLogReader implements LogReader {
  /** By topic and partition. */
  private readonly positions = new Map<string, Map<number, Position>>();
  private readonly group = `reading-${randomUUID()}`;
  private readonly consumer: Consumer;
  private readonly timeoutMs: number;
  private readonly newest: number;
  private followed: readonly string[] = [];
  private readonly moves = new EventEmitter().setMaxListeners(0);
  /** Aborted when it has ended, for the reason that is then always told. */
  private readonly ending = new AbortController();
  private closing: Promise<void> | undefined;
  /** kafkajs cannot be stopped while it starts, so these never overlap. */
  private starts: Promise<void> = Promise.resolve();
  private crashes = 0;
  private awaySince = 0;

  private constructor(
    kafka: Kafka,
    { sessionTimeout, logReaderTimeoutMs, newest }: ReadingSettings,
    private readonly admin: KafkaAdmin,
    private readonly topics: readonly string[],
    private readonly handler: RecordHandler,
  ) {
    this.timeoutMs = logReaderTimeoutMs;
    this.newest = newest;
    this.consumer = kafka.consumer({
      groupId: this.group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout * 2,
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      maxWaitTimeInMs: 50,
      allowAutoTopicCreation: false,
      retry: { retries: 3, maxRetryTime: 1_000, restartOnFailure: () => Promise.resolve(false) },
    });
    const { events } = this.consumer;
    this.consumer.on(events.GROUP_JOIN, () => this.seek());
    this.consumer.on(events.CRASH, ({ payload }) => this.startAgain(payload.error));
    // A batch of nothing but a transaction's own records is not handed over, but its end is told.
    this.consumer.on(
      events.END_BATCH_PROCESS,
      ({ payload: { batchSize, topic, partition, firstOffset, lastOffset } }) => {
        if (batchSize === 0)
          this.advance(this.positionIn(topic, partition, Number(firstOffset)), Number(lastOffset) + 1);
      },
    );
    // It fetches again.
    this.consumer.on(events.HEARTBEAT, () => (this.crashes = 0));
  }

  /** @throws PlatformError of kind `unavailable` when Kafka is away. */
  static async start(
    kafka: Kafka,
    settings: ReadingSettings,
    admin: KafkaAdmin,
    topics: readonly string[],
    handler: RecordHandler,
  ): Promise<KafkaLogReader> {
    const reading = new KafkaLogReader(kafka, settings, admin, topics, handler);
    await reading.look();
    return reading;
  }

  get progress() {
    return progressOf(this.allPositions());
  }

  async caughtUp(): Promise<void> {
    await this.look();
    const goals = this.allPositions().map((position) => ({ position, end: position.end }));
    for (;;) {
      this.ending.signal.throwIfAborted();
      if (goals.every(({ position, end }) => position.next >= end)) return;
      await once(this.moves, 'move');
    }
  }

  async stop(): Promise<void> {
    await this.end(new Error('the reading was stopped'));
  }

  /** Finds out where the topics end now, and follows those that have come into being since. */
  private async look(): Promise<void> {
    let failure: unknown;
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(this.timeoutMs)]);
    try {
      await retryUntilDone(() => this.admin.ask((admin) => this.askForEnds(admin)), {
        signal,
        onFailure: (error) => (failure = error),
      });
    } catch {
      this.ending.signal.throwIfAborted();
      throw unavailable('Kafka does not say where the topics end', failure);
    }
    const existing = [...this.positions.keys()];
    if (existing.length === this.followed.length) return;
    this.followed = existing;
    await this.startConsumer();
  }

  private async askForEnds(admin: Admin): Promise<void> {
    for (const topic of await existingTopics(admin, this.topics)) {
      for (const { partition, first, end } of await extentsOf(admin, topic)) {
        this.positionIn(topic, partition, Math.max(first, end - this.newest)).end = end;
      }
    }
  }

  private startConsumer(pause = 0): Promise<void> {
    this.starts = this.starts
      .then(async () => {
        const { consumer } = this;
        await sleep(pause, undefined, { signal: this.ending.signal }).catch(() => undefined);
        if (this.ending.signal.aborted) return;
        await consumer.stop();
        await consumer.connect();
        await consumer.subscribe({ topics: [...this.followed], fromBeginning: true });
        await consumer.run({
          autoCommit: false,
          partitionsConsumedConcurrently: 3,
          eachBatch: (payload) => this.handle(payload),
        });
      })
      .catch((error: unknown) => this.startAgain(error as Error));
    return this.starts;
  }

  private startAgain(error: Error): void {
    if (this.crashes === 0) this.awaySince = Date.now();
    this.crashes += 1;
    if (Date.now() - this.awaySince < this.timeoutMs) void this.startConsumer(backoffDelay(this.crashes));
    else void this.end(unavailable(`Kafka went away while its topics were read: ${error.message}`, error));
  }

  private seek(): void {
    for (const topic of this.followed) {
      for (const [partition, { next }] of this.positions.get(topic) ?? []) {
        this.consumer.seek({ topic, partition, offset: String(next) });
      }
    }
  }

  private async handle(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    const position = this.positionIn(topic, partition, Number(batch.firstOffset()));
    const unread = batch.messages.filter(({ offset }) => Number(offset) >= position.next);
    for (let from = 0; from < unread.length; from += MAX_RECORDS_A_TURN) {
      if (!isRunning() || isStale() || this.ending.signal.aborted) return;
      const turn = unread.slice(from, from + MAX_RECORDS_A_TURN);
      const lease = new KafkaLease(payload);
      try {
        await this.handler(
          turn.map((message) => toLoggedRecord(topic, partition, message)),
          lease,
        );
      } catch (error) {
        // The client joins its group again, and these records come once more.
        if (lease.refusal) throw lease.refusal;
        void this.end(error);
        return;
      }
      this.advance(position, Number(turn.at(-1)?.offset) + 1);
      await heartbeat();
    }
    // Beyond the last record there may be a transaction's own.
    this.advance(position, Number(batch.lastOffset()) + 1);
  }

  /** How far a partition is; one that is new begins with this offset. */
  private positionIn(topic: string, partition: number, first: number): Position {
    const positions = this.positions.get(topic) ?? new Map<number, Position>();
    const position = positions.get(partition) ?? { first, next: first, end: first };
    this.positions.set(topic, positions.set(partition, position));
    return position;
  }

  private allPositions(): Position[] {
    return [...this.positions.values()].flatMap((positions) => [...positions.values()]);
  }

  private advance(position: Position, next: number): void {
    position.next = Math.max(position.next, next);
    this.crashes = 0;
    this.moves.emit('move');
  }

  /** A handler must not wait for this, which waits for the handlers. */
  private end(error: unknown): Promise<void> {
    this.ending.abort(error);
    this.moves.emit('move');
    this.closing ??= this.close();
    return this.closing;
  }

  private async close(): Promise<void> {
    await this.starts;
    await this.consumer.disconnect().catch(() => undefined);
    // It committed nothing, so Kafka would forget it by itself, in time.
    await this.admin.ask((admin) => admin.deleteGroups([this.group])).catch(() => undefined);
  }
}
