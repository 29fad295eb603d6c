import type { Admin, Kafka, KafkaConfig, Producer, ProducerConfig } from 'kafkajs';
import type { Logger } from 'pino';
import type {
  Bus,
  BusRecord,
  Consumption,
  Extent,
  Reading,
  RecordHandler,
  StartAt,
  TopicDescription,
} from '../bus/bus.js';
import { PlatformError } from '../errors.js';
import { within } from '../within.js';
import type { DependencyHealth } from '../health/health.js';
import { KafkaConsumption } from './kafka-consumption.js';
import { explained, reasonFor } from './kafka-errors.js';
import { KafkaReading } from './kafka-reading.js';
import { sizeOf, toMessage } from './kafka-record.js';
import { connectWithoutDelay } from './kafka-socket.js';
import { countRecords, countUnread, createTopics, describeTopics, existingTopics, extentsOf } from './kafka-topics.js';

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

/** A broker takes a record batch of about 1 MB (`message.max.bytes`), and a send may be one batch. */
const MOST_BYTES_A_SEND = 512 * 1024;

/** The bus on Kafka. This folder is the only one that knows kafkajs. */
export class KafkaBus implements Bus {
  private producer: Promise<Producer> | undefined;
  private admin: Promise<Admin> | undefined;
  private sending: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly kafka: Kafka,
    private readonly createPartitioner: ProducerConfig['createPartitioner'],
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

  async extents(topic: string): Promise<readonly Extent[]> {
    const admin = await this.connectedAdmin();
    const [existing] = await existingTopics(admin, [topic]);
    return existing === undefined ? [] : extentsOf(admin, existing);
  }

  async countUnread(group: string, topic: string): Promise<number> {
    return countUnread(await this.connectedAdmin(), group, topic);
  }

  async read(topics: readonly string[], handler: RecordHandler, newest = Infinity): Promise<Reading> {
    const { sessionTimeout, readingPatience = READING_PATIENCE } = this.settings;
    const settings = { sessionTimeout, readingPatience, newest };
    return KafkaReading.start(this.kafka, settings, await this.connectedAdmin(), topics, handler);
  }

  publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    // kafkajs takes back its sequence numbers when a send fails, and would give them to a send that waits beside it:
    // the broker would then drop that one as a duplicate. So one send at a time, and none after a failure with the
    // same producer id.
    const sent = this.sending.then(() => this.send(topic, records));
    this.sending = sent.catch(() => undefined);
    return sent;
  }

  async consume(group: string, handlers: ReadonlyMap<string, RecordHandler>, startAt?: StartAt): Promise<Consumption> {
    const { sessionTimeout } = this.settings;
    const consumption = new KafkaConsumption(this.kafka, sessionTimeout, group, handlers, this.logger, startAt);
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
    await this.sending;
    const clients = await Promise.allSettled([this.producer, this.admin]);
    const connected = clients.flatMap((client) =>
      client.status === 'fulfilled' && client.value ? [client.value] : [],
    );
    await Promise.allSettled(connected.map((client) => client.disconnect()));
  }

  private async send(topic: string, records: readonly BusRecord[]): Promise<void> {
    const producer = await this.connectedProducer();
    try {
      for (const messages of chunksOf(records, MOST_BYTES_A_SEND)) {
        await producer.send({ topic, acks: -1, messages: messages.map(toMessage) });
      }
    } catch (error) {
      this.producer = undefined;
      void producer.disconnect().catch(() => undefined);
      throw isTooLarge(error) ? recordTooLarge(topic, error) : error;
    }
  }

  private connectedProducer(): Promise<Producer> {
    this.producer ??= this.connect(
      this.kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: this.createPartitioner,
        retry: RETRY,
      }),
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
      // It may have come as far as a socket.
      void client.disconnect().catch(() => undefined);
      throw explained(error);
    }
  }
}

/** Few retries: the callers retry for as long as it takes, and know better what has become of the world meanwhile. */
const RETRY = { retries: 3, maxRetryTime: 1_000 };

function chunksOf(records: readonly BusRecord[], mostBytes: number): BusRecord[][] {
  const chunks: BusRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    const size = sizeOf(record);
    if (bytes + size > mostBytes) {
      chunks.push([]);
      bytes = 0;
    }
    (chunks.at(-1) as BusRecord[]).push(record);
    bytes += size;
  }
  return chunks;
}

function isTooLarge(error: unknown): boolean {
  return ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(String((error as { type?: unknown }).type));
}

function recordTooLarge(topic: string, cause: unknown): PlatformError {
  return new PlatformError('too-large', 'record-too-large', `${topic} takes no record as large as this`, undefined, {
    cause,
  });
}

/** What it says of connections that fail, whoever asked for one says better. */
const CONNECTING = /^(?:Connection|BrokerPool|SaslAuthenticator)/;

/** kafkajs's own log, as warnings at most: what it calls an error, it or its caller retries. */
function logTo(logger: Logger) {
  return ({ namespace, level, log }: { namespace: string; level: number; log: { message: string } }) => {
    const { message, error, retryCount } = log as { message: string; error?: unknown; retryCount?: number };
    const line = { kafkajs: namespace, retryCount, ...(typeof error === 'string' && { error }) };
    // It warns of few retries for an idempotent producer; see `publish` for why they are safe here.
    const isOfNote = level <= 2 && !CONNECTING.test(namespace) && !message.startsWith('Limiting retries');
    if (isOfNote) logger.warn(line, message);
    else logger.debug(line, message);
  };
}
