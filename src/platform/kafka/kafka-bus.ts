import type { Admin, ICustomPartitioner, Kafka, KafkaConfig } from 'kafkajs';
import type { Logger } from 'pino';
import type { Bus, BusRecord, Consumption, Reading, RecordHandler, TopicDescription } from '../bus/bus.js';
import { within } from '../within.js';
import type { DependencyHealth } from '../health/health.js';
import { connected, RETRY } from './kafka-client.js';
import { KafkaConsumption } from './kafka-consumption.js';
import { explained, reasonFor } from './kafka-errors.js';
import { KafkaReading } from './kafka-reading.js';
import { connectWithoutDelay } from './kafka-socket.js';
import { countRecords, countUnread, createTopics, describeTopics } from './kafka-topics.js';
import { TopicProducer } from './topic-producer.js';

export interface KafkaSettings {
  readonly client: Omit<KafkaConfig, 'logCreator'>;
  /** Partitions of a topic that is created. */
  readonly partitions: number;
  /** Milliseconds without a heartbeat after which the group gives a dead member's partitions to others. */
  readonly sessionTimeout: number;
  /** Milliseconds that Kafka may be away, with nothing read meanwhile, before a reading of whole topics ends. */
  readonly readingPatience?: number;
}

const READING_PATIENCE = 30_000;

/** The bus on Kafka. This folder is the only one that knows kafkajs. */
export class KafkaBus implements Bus {
  private readonly producers = new Map<string, TopicProducer>();
  private admin: Promise<Admin> | undefined;

  private constructor(
    private readonly kafka: Kafka,
    private readonly choosePartition: ICustomPartitioner,
    private readonly settings: KafkaSettings,
    private readonly logger: Logger,
  ) {}

  /** Loads the client; it connects with the first call that needs it. */
  static async open(settings: KafkaSettings, logger: Logger): Promise<KafkaBus> {
    const { Kafka: Client, Partitioners } = await import('kafkajs');
    const client = new Client({
      socketFactory: connectWithoutDelay,
      ...settings.client,
      logCreator: () => logTo(logger),
    });
    return new KafkaBus(client, Partitioners.DefaultPartitioner, settings, logger);
  }

  async createTopics(topics: readonly string[]): Promise<void> {
    await createTopics(await this.connectedAdmin(), topics, this.settings.partitions);
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    return describeTopics(await this.connectedAdmin(), topics);
  }

  async countRecords(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return countRecords(await this.connectedAdmin(), topics);
  }

  async countUnread(group: string, topic: string): Promise<number> {
    return countUnread(await this.connectedAdmin(), group, topic);
  }

  async read(topics: readonly string[], handler: RecordHandler): Promise<Reading> {
    const { sessionTimeout, readingPatience = READING_PATIENCE } = this.settings;
    const settings = { sessionTimeout, readingPatience };
    return KafkaReading.start(this.kafka, settings, await this.connectedAdmin(), topics, handler);
  }

  publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    const producer = this.producers.get(topic) ?? new TopicProducer(this.kafka, topic, this.choosePartition);
    this.producers.set(topic, producer);
    return producer.publish(records);
  }

  async consume(group: string, handlers: ReadonlyMap<string, RecordHandler>): Promise<Consumption> {
    const consumption = new KafkaConsumption(this.kafka, this.settings.sessionTimeout, group, handlers, this.logger);
    try {
      await consumption.start();
      return consumption;
    } catch (error) {
      await consumption.stop().catch(() => undefined);
      throw explained(error);
    }
  }

  async check(): Promise<DependencyHealth> {
    try {
      await within(
        2_000,
        this.connectedAdmin().then((admin) => admin.describeCluster()),
      );
      return { up: true };
    } catch (error) {
      return { up: false, detail: reasonFor(error) ?? 'Kafka does not answer' };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.producers.values()].map((producer) => producer.close()));
    const admin = await this.admin?.catch(() => undefined);
    await admin?.disconnect().catch(() => undefined);
  }

  private connectedAdmin(): Promise<Admin> {
    this.admin ??= connected(this.kafka.admin({ retry: RETRY }), () => (this.admin = undefined));
    return this.admin;
  }
}

/** What it says of connections that fail, whoever asked for one says better. */
const CONNECTING = /^(?:Connection|BrokerPool|SaslAuthenticator)/;

/** kafkajs's own log, as warnings at most: what it calls an error, it or its caller retries. */
function logTo(logger: Logger) {
  return ({ namespace, level, log }: { namespace: string; level: number; log: { message: string } }) => {
    const { message, error, retryCount } = log as { message: string; error?: unknown; retryCount?: number };
    const line = { kafkajs: namespace, retryCount, ...(typeof error === 'string' && { error }) };
    // It warns of few retries for an idempotent producer; see TopicProducer for why they are safe here.
    const isOfNote = level <= 2 && !CONNECTING.test(namespace) && !message.startsWith('Limiting retries');
    if (isOfNote) logger.warn(line, message);
    else logger.debug(line, message);
  };
}
