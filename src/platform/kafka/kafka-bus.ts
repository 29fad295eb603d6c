import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, EachBatchPayload, IHeaders, Kafka, KafkaConfig, KafkaMessage, Producer } from 'kafkajs';
import type { Logger } from 'pino';
import { backoffDelay } from '../backoff.js';
import type { Bus, BusRecord, Consumption, Headers, LoggedRecord, RecordHandler } from '../bus/bus.js';
import type { DependencyHealth } from '../health/health.js';

export interface KafkaSettings {
  readonly client: Omit<KafkaConfig, 'logCreator'>;
  /** Partitions of a topic that is created. */
  readonly partitions: number;
  /** Milliseconds without a heartbeat after which the group gives a dead member's partitions to others. */
  readonly sessionTimeout: number;
}

/** A broker takes a record batch of about 1 MB (`message.max.bytes`), and a send may be one batch. */
const MOST_BYTES_A_SEND = 512 * 1024;
/** Records between two heartbeats and offset commits. */
const MOST_RECORDS_A_TURN = 500;
const FOR_EVER = [
  { name: 'cleanup.policy', value: 'delete' },
  { name: 'retention.ms', value: '-1' },
  { name: 'retention.bytes', value: '-1' },
];

/** The bus on Kafka, and the only file that knows kafkajs. */
export class KafkaBus implements Bus {
  private producer: Promise<Producer> | undefined;
  private admin: Promise<Admin> | undefined;
  private sending: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly kafka: Kafka,
    private readonly settings: KafkaSettings,
    private readonly logger: Logger,
  ) {}

  /** Loads the client; it connects with the first call that needs it. */
  static async open(settings: KafkaSettings, logger: Logger): Promise<KafkaBus> {
    const { Kafka: Client } = await import('kafkajs');
    const client = new Client({ ...settings.client, logCreator: () => logTo(logger) });
    return new KafkaBus(client, settings, logger);
  }

  async createTopics(topics: readonly string[]): Promise<void> {
    const admin = await this.connectedAdmin();
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic));
    if (missing.length === 0) return;
    const { brokers } = await admin.describeCluster();
    const replicationFactor = Math.min(3, brokers.length);
    const durability = replicationFactor === 3 ? [{ name: 'min.insync.replicas', value: '2' }] : [];
    const configEntries = [...FOR_EVER, ...durability];
    const numPartitions = this.settings.partitions;
    await admin.createTopics({
      topics: missing.map((topic) => ({ topic, numPartitions, replicationFactor, configEntries })),
    });
  }

  publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    // kafkajs takes back its sequence numbers when a send fails, and would give them to a send that waits beside it:
    // the broker would then drop that one as a duplicate. So one send at a time, and none after a failure with the
    // same producer id.
    const sent = this.sending.then(() => this.send(topic, records));
    this.sending = sent.catch(() => undefined);
    return sent;
  }

  async consume(group: string, handlers: ReadonlyMap<string, RecordHandler>): Promise<Consumption> {
    const consumption = new KafkaConsumption(this.kafka, this.settings, group, handlers, this.logger);
    try {
      await consumption.start();
      return consumption;
    } catch (error) {
      await consumption.stop().catch(() => undefined);
      throw error;
    }
  }

  async check(): Promise<DependencyHealth> {
    const timeout = new AbortController();
    try {
      const answers = this.connectedAdmin().then((admin) => admin.describeCluster());
      answers.catch(() => undefined);
      const late = sleep(2_000, undefined, { signal: timeout.signal }).then(() => Promise.reject(new Error('late')));
      late.catch(() => undefined);
      await Promise.race([answers, late]);
      return { up: true };
    } catch {
      return { up: false, detail: 'Kafka does not answer' };
    } finally {
      timeout.abort();
    }
  }

  async close(): Promise<void> {
    await this.sending;
    const clients = await Promise.allSettled([this.producer, this.admin]);
    await Promise.allSettled(clients.map((client) => client.status === 'fulfilled' && client.value?.disconnect()));
  }

  private async send(topic: string, records: readonly BusRecord[]): Promise<void> {
    const producer = await this.connectedProducer();
    try {
      for (const messages of chunksOf(records, MOST_BYTES_A_SEND)) {
        await producer.send({ topic, acks: -1, messages: messages.map((record) => ({ ...record })) });
      }
    } catch (error) {
      this.producer = undefined;
      void producer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  private connectedProducer(): Promise<Producer> {
    this.producer ??= this.connect(
      this.kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, retry: RETRY }),
      () => (this.producer = undefined),
    );
    return this.producer;
  }

  private connectedAdmin(): Promise<Admin> {
    this.admin ??= this.connect(this.kafka.admin({ retry: RETRY }), () => (this.admin = undefined));
    return this.admin;
  }

  private async connect<Client extends Producer | Admin>(client: Client, forget: () => void): Promise<Client> {
    try {
      await client.connect();
      return client;
    } catch (error) {
      forget();
      throw error;
    }
  }
}

/** Few retries: the callers retry for as long as it takes, and know better what has become of the world meanwhile. */
const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/** One member of a consumer group; it outlives every crash of the kafkajs consumer within. */
class KafkaConsumption implements Consumption {
  private consumer: ReturnType<Kafka['consumer']>;
  private trouble: string | undefined = 'has not joined its group yet';
  private stopped = false;
  private readonly failures = new Map<string, number>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly kafka: Kafka,
    private readonly settings: KafkaSettings,
    private readonly group: string,
    private readonly handlers: ReadonlyMap<string, RecordHandler>,
    private readonly logger: Logger,
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
      partitionsConsumedConcurrently: 3,
      eachBatch: (payload) => this.handleBatch(payload),
    });
  }

  health(): DependencyHealth {
    return this.trouble === undefined
      ? { up: true }
      : { up: false, detail: `consumer of group ${this.group} ${this.trouble}` };
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    await this.consumer.disconnect();
  }

  private newConsumer(): ReturnType<Kafka['consumer']> {
    const { sessionTimeout } = this.settings;
    const consumer = this.kafka.consumer({
      groupId: this.group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout * 2,
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      retry: { retries: 10, initialRetryTime: 100, maxRetryTime: 2_000, restartOnFailure: () => Promise.resolve(true) },
    });
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.trouble = undefined;
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.trouble = `stopped: ${payload.error.name}`;
      // kafkajs gives up for good on an error that it does not hold for retriable, whatever its options say.
      if (!payload.restart) this.replaceAfter(1);
    });
    return consumer;
  }

  private replaceAfter(failures: number): void {
    if (this.stopped) return;
    this.after(backoffDelay(failures), async () => {
      await this.consumer.disconnect().catch(() => undefined);
      this.consumer = this.newConsumer();
      await this.start().catch((error: unknown) => {
        this.logger.warn({ err: error, group: this.group }, 'consumer cannot start');
        this.replaceAfter(failures + 1);
      });
    });
  }

  private async handleBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    const handler = this.handlers.get(topic);
    if (!handler) return;
    for (let from = 0; from < batch.messages.length; from += MOST_RECORDS_A_TURN) {
      if (!isRunning() || isStale()) return;
      const messages = batch.messages.slice(from, from + MOST_RECORDS_A_TURN);
      const last = messages.at(-1) as KafkaMessage;
      try {
        await handler(messages.map((message) => toLoggedRecord(topic, partition, message)));
      } catch (error) {
        this.pauseAfterFailure(payload, error);
        return;
      }
      this.failures.delete(`${topic}-${partition}`);
      resolveOffset(last.offset);
      const offset = String(Number(last.offset) + 1);
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
      await heartbeat();
    }
  }

  /** Unresolved, the records come again when the partition resumes; other partitions go on meanwhile. */
  private pauseAfterFailure({ batch, pause }: EachBatchPayload, error: unknown): void {
    const name = `${batch.topic}-${batch.partition}`;
    const failures = (this.failures.get(name) ?? 0) + 1;
    this.failures.set(name, failures);
    const { topic, partition } = batch;
    this.logger.warn({ err: error, topic, partition, failures }, 'records will come again');
    this.after(backoffDelay(failures), pause());
  }

  private after(milliseconds: number, work: () => void | Promise<void>): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.stopped) void work();
    }, milliseconds);
    this.timers.add(timer);
  }
}

function toLoggedRecord(topic: string, partition: number, message: KafkaMessage): LoggedRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    headers: toHeaders(message.headers),
  };
}

function toHeaders(headers: IHeaders = {}): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String([value].flat()[0] ?? '')]));
}

function chunksOf(records: readonly BusRecord[], mostBytes: number): BusRecord[][] {
  const chunks: BusRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const size = (record.value?.length ?? 0) + (record.key?.length ?? 0) + 200;
    if (bytes + size > mostBytes) {
      chunks.push([]);
      bytes = 0;
    }
    (chunks.at(-1) as BusRecord[]).push(record);
    bytes += size;
  }
  return chunks;
}

/** kafkajs's own log, as warnings at most: what it calls an error, it or its caller retries. */
function logTo(logger: Logger) {
  return ({ namespace, level, log }: { namespace: string; level: number; log: { message: string } }) => {
    const { message, error, retryCount } = log as { message: string; error?: unknown; retryCount?: number };
    const line = { kafkajs: namespace, retryCount, ...(typeof error === 'string' && { error }) };
    if (level <= 2) logger.warn(line, message);
    else logger.debug(line, message);
  };
}
