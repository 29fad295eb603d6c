import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Reading, RecordHandler } from '../bus/bus.js';
import { toLoggedRecord } from './kafka-consumption.js';
import { existingTopics } from './kafka-topics.js';

const MOST_RECORDS_A_TURN = 2_000;

/** How far the reading of one partition is, in offsets. */
interface Position {
  first: number;
  next: number;
  end: number;
}

/** A reading of whole topics, in a consumer group of its own that commits nothing and is gone afterwards. */
export class KafkaReading implements Reading {
  private readonly positions = new Map<string, Position>();
  private failure: { readonly error: unknown } | undefined;
  private stopped = false;
  private moved: () => void = () => undefined;

  private constructor(
    private readonly admin: Admin,
    private readonly consumer: Consumer,
    private readonly group: string,
    private readonly topics: readonly string[],
    private readonly handler: RecordHandler,
  ) {}

  static async start(
    kafka: Kafka,
    admin: Admin,
    topics: readonly string[],
    handler: RecordHandler,
  ): Promise<KafkaReading> {
    const existing = await existingTopics(admin, topics);
    const group = `reading-${randomUUID()}`;
    const consumer = kafka.consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 50,
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: () => Promise.resolve(false) },
    });
    const reading = new KafkaReading(admin, consumer, group, existing, handler);
    try {
      await reading.run();
      return reading;
    } catch (error) {
      await reading.stop();
      throw error;
    }
  }

  get progress() {
    const positions = [...this.positions.values()];
    const sum = (lengthOf: (position: Position) => number) =>
      positions.reduce((total, position) => total + lengthOf(position), 0);
    return { read: sum(({ first, next }) => next - first), total: sum(({ first, end }) => end - first) };
  }

  async caughtUp(): Promise<void> {
    await this.fetchEnds();
    while (!this.stopped) {
      if (this.failure) throw this.failure.error;
      if ([...this.positions.values()].every(({ next, end }) => next >= end)) return;
      await new Promise<void>((resolve) => (this.moved = resolve));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.moved();
    await this.consumer.disconnect().catch(() => undefined);
    // It committed nothing, so Kafka would forget it by itself, in time.
    await this.admin.deleteGroups([this.group]).catch(() => undefined);
  }

  private async run(): Promise<void> {
    await this.fetchEnds();
    if (this.topics.length === 0) return;
    const { consumer } = this;
    consumer.on(consumer.events.CRASH, ({ payload }) => this.fail(payload.error));
    // Of transactions' own records no batch is handed over, but its end is told.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) =>
      this.advance(topic, partition, Number(lastOffset) + 1),
    );
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 3,
      eachBatch: (payload) => this.handle(payload),
    });
  }

  private async handle({ batch, heartbeat, isRunning }: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = batch;
    for (let from = 0; from < messages.length; from += MOST_RECORDS_A_TURN) {
      if (!isRunning() || this.failure || this.stopped) return;
      const turn = messages.slice(from, from + MOST_RECORDS_A_TURN);
      try {
        await this.handler(turn.map((message) => toLoggedRecord(topic, partition, message)));
      } catch (error) {
        this.fail(error);
        return;
      }
      this.advance(topic, partition, Number(turn.at(-1)?.offset) + 1);
      await heartbeat();
    }
  }

  private advance(topic: string, partition: number, next: number): void {
    const position = this.positions.get(`${topic}-${partition}`);
    if (position && !this.failure) position.next = Math.max(position.next, next);
    this.moved();
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.moved();
  }

  private async fetchEnds(): Promise<void> {
    for (const topic of this.topics) {
      for (const { partition, low, high } of await this.admin.fetchTopicOffsets(topic)) {
        const name = `${topic}-${partition}`;
        const known = this.positions.get(name);
        if (known) known.end = Number(high);
        else this.positions.set(name, { first: Number(low), next: Number(low), end: Number(high) });
      }
    }
  }
}
