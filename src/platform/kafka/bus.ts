import type { ICustomPartitioner, Kafka, KafkaConfig } from 'kafkajs';
import type { Logger } from 'pino';
import type {
  Bus,
  BusRecord,
  RunningConsumer,
  Extent,
  LogReader,
  ReadFrom,
  RecordHandler,
  StartAt,
  TopicDescription,
} from '../log/bus.js';
import { keepsOnlyNewest, partitionsChanged } from '../log/topics.js';
import { withTimeout } from '../tools/timeout.js';
import { type Compression, DEFAULT_COMPRESSION } from '../operating/config/kafka-settings.js';
import type { DependencyHealth } from '../tools/dependency.js';
import { KafkaAdmin } from './admin.js';
import { registerCodecs } from './compression.js';
import { encodeRecordsInOneBuffer } from './record-encoding.js';
import { KafkaConsumer } from './consumer.js';
import { explained, reasonFor } from './errors.js';
import { KafkaLogReader } from './log-reader.js';
import { connectWithoutDelay } from './socket.js';
import {
  countPartitions,
  countRecords,
  consumerLag,
  createTopics,
  describeTopics,
  existingTopics,
  extentsOf,
} from './topics.js';
import { TopicProducer } from './topic-producer.js';

export interface KafkaSettings {
  readonly client: Omit<KafkaConfig, 'logCreator'>;
  /** Compression of the batches that are sent. */
  readonly compression?: Compression;
  /** Number of partitions of a new topic. */
  readonly partitions: number;
  /** Required replication factor of topics; undefined when not configured. */
  readonly replicas?: number | undefined;
  /** Milliseconds without a heartbeat after which a member is dead and its partitions go to others. */
  readonly sessionTimeout: number;
  /** Milliseconds that a log reader waits for an unavailable Kafka before it fails. */
  readonly logReaderTimeoutMs?: number;
}

const LOG_READER_TIMEOUT_MS = 30_000;

/** The bus on Kafka. Only this folder uses kafkajs. */
export class KafkaBus implements Bus {
  private readonly producers = new Map<string, TopicProducer>();
  /** Partition count of each topic, from its creation check or its first publish. */
  private readonly partitions = new Map<string, number>();
  private readonly admin: KafkaAdmin;

  private constructor(
    private readonly kafka: Kafka,
    private readonly choosePartition: ICustomPartitioner,
    private readonly settings: KafkaSettings,
    private readonly logger: Logger,
  ) {
    this.admin = new KafkaAdmin(kafka);
  }

  /** Loads the client. It connects with the first call that needs a connection. */
  static async open(settings: KafkaSettings, logger: Logger): Promise<KafkaBus> {
    encodeRecordsInOneBuffer();
    const { Kafka: Client, Partitioners } = await import('kafkajs');
    await registerCodecs();
    const client = new Client({
      socketFactory: connectWithoutDelay,
      ...settings.client,
      logCreator: () => logTo(logger),
    });
    return new KafkaBus(client, Partitioners.DefaultPartitioner, settings, logger);
  }

  async createTopics(topics: readonly string[], partitions?: ReadonlyMap<string, number>): Promise<void> {
    const found = await this.admin.ask((admin) => createTopics(admin, topics, this.settings, partitions));
    for (const [topic, count] of found) this.partitions.set(topic, count);
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    const described = await this.admin.ask((admin) => describeTopics(admin, topics));
    return described.map((each) => ({ ...each, wantedReplicas: this.settings.replicas }));
  }

  countPartitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.admin.ask((admin) => countPartitions(admin, topics));
  }

  countRecords(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.admin.ask((admin) => countRecords(admin, topics));
  }

  extents(topic: string): Promise<readonly Extent[]> {
    return this.admin.ask(async (admin) => {
      const [existing] = await existingTopics(admin, [topic]);
      return existing === undefined ? [] : extentsOf(admin, existing);
    });
  }

  consumerLag(group: string, topic: string): Promise<number> {
    return this.admin.ask((admin) => consumerLag(admin, group, topic));
  }

  read(topics: readonly string[], handler: RecordHandler, from: ReadFrom = {}): Promise<LogReader> {
    const { sessionTimeout, logReaderTimeoutMs = LOG_READER_TIMEOUT_MS } = this.settings;
    const settings = { sessionTimeout, logReaderTimeoutMs, from };
    return KafkaLogReader.start(this.kafka, settings, this.admin, topics, handler);
  }

  publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    // Keys are encrypted, and what is encrypted hardly becomes smaller.
    const compression = keepsOnlyNewest(topic) ? 'none' : (this.settings.compression ?? DEFAULT_COMPRESSION);
    const expect = (partitions: number) => this.expectSame(topic, partitions);
    const producer =
      this.producers.get(topic) ?? new TopicProducer(this.kafka, topic, compression, this.choosePartition, expect);
    this.producers.set(topic, producer);
    return producer.publish(records);
  }

  async consume(
    group: string,
    handlers: ReadonlyMap<string, RecordHandler>,
    startAt?: StartAt,
  ): Promise<RunningConsumer> {
    const { sessionTimeout } = this.settings;
    const consumer = new KafkaConsumer(this.kafka, sessionTimeout, group, handlers, this.logger, startAt);
    try {
      await consumer.start();
      return consumer;
    } catch (error) {
      await consumer.stop().catch(() => undefined);
      throw explained(error);
    }
  }

  async check(): Promise<DependencyHealth> {
    try {
      await withTimeout(
        2_000,
        this.admin.ask((admin) => admin.describeCluster()),
      );
      return { up: true };
    } catch (error) {
      return { up: false, detail: reasonFor(error) ?? 'Kafka does not answer' };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.producers.values()].map((producer) => producer.close()));
    await this.admin.close();
  }

  /** With a changed partition count, the events of one aggregate would be in two partitions, without an order. */
  private expectSame(topic: string, partitions: number): void {
    const first = this.partitions.get(topic) ?? partitions;
    this.partitions.set(topic, first);
    if (partitions !== first) throw partitionsChanged(topic, partitions, first);
  }
}

/** Namespaces for connection failures: the caller of the client logs these with more context. */
const CONNECTING = /^(?:Connection|BrokerPool|SaslAuthenticator)/;

/** Logs kafkajs's own messages, as warnings at most: kafkajs or its caller retries after an error. */
function logTo(logger: Logger) {
  return ({ namespace, level, log }: { namespace: string; level: number; log: { message: string } }) => {
    const { message, error, retryCount } = log as { message: string; error?: unknown; retryCount?: number };
    const line = { kafkajs: namespace, retryCount, ...(typeof error === 'string' && { error }) };
    // kafkajs warns that an idempotent producer has few retries. TopicProducer explains why that is safe here.
    const isOfNote = level <= 2 && !CONNECTING.test(namespace) && !message.startsWith('Limiting retries');
    if (isOfNote) logger.warn(line, message);
    else logger.debug(line, message);
  };
}
