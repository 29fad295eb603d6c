import type { Kafka, KafkaConfig } from 'kafkajs';
import type { Logger } from 'pino';
import type {
  BusRecord,
  RunningConsumer,
  Extent,
  HasReached,
  LoggedRecord,
  LogReader,
  PartitionLag,
  ReadFrom,
  RecordHandler,
  StartAt,
  TopicDescription,
} from '../log/bus.js';
import { activeOf, controlTopic, type GenerationalBus, type Generations } from '../log/generations.js';
import { keepsOnlyNewest, partitionsChanged } from '../log/topics.js';
import { isCodedError, unavailable } from '../tools/errors.js';
import { withTimeout } from '../tools/timeout.js';
import { type Compression, DEFAULT_COMPRESSION, type RecordClientName } from '../operating/config/kafka-settings.js';
import { redact } from '../operating/logged-error.js';
import type { DependencyHealth } from '../tools/dependency.js';
import { KafkaAdmin } from './admin.js';
import { registerCodecs } from './compression.js';
import { replaceRecordCodec } from './record-codec.js';
import { KafkaConsumer } from './consumer.js';
import { explained, reasonFor } from './errors.js';
import { consumerLag } from './consumer-lag.js';
import { KafkaGenerations } from './generations.js';
import { KafkaGenerationStore, withoutFence } from './generation-store.js';
import { KafkaFetcher } from './fetcher.js';
import { KafkaJsClient } from './kafkajs-client.js';
import { PlatformaticClient } from './platformatic/client.js';
import type { RecordClient } from './record-client.js';
import { endsOf, GroupViews } from './group-views.js';
import { KafkaLogReader } from './log-reader.js';
import { connectWithoutDelay } from './socket.js';
import { endStoppedFetches } from './stopped-fetches.js';
import { countPartitions, countRecords, createTopics, describeTopics, existingTopics, extentsOf } from './topics.js';
import { TopicProducer } from './topic-producer.js';
import { viewWith } from './topic-view.js';

export interface KafkaSettings {
  readonly client: Omit<KafkaConfig, 'logCreator'>;
  /** The library that sends and fetches records (default: kafkajs). */
  readonly recordClient?: RecordClientName;
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

/** Time that a publish waits for a switch to another generation before it fails, to be tried again. */
const SWITCH_TIMEOUT_MS = 5_000;

/** The bus on Kafka. Only this folder uses clients of Kafka, and only it knows which topics in Kafka a topic of the bus has. */
export class KafkaBus implements GenerationalBus {
  readonly generations: KafkaGenerationStore;
  /** By name in Kafka. */
  private readonly producers = new Map<string, TopicProducer>();
  /** By name in Kafka: partition count, from the creation check or the first publish. */
  private readonly partitions = new Map<string, number>();
  private readonly admin: KafkaAdmin;
  private readonly known: KafkaGenerations;
  private readonly fetcher: KafkaFetcher;

  private constructor(
    private readonly kafka: Kafka,
    private readonly client: RecordClient,
    private readonly settings: KafkaSettings,
    private readonly logger: Logger,
  ) {
    this.admin = new KafkaAdmin(kafka);
    this.fetcher = new KafkaFetcher(client);
    const { sessionTimeout, logReaderTimeoutMs = LOG_READER_TIMEOUT_MS } = settings;
    const reading = { sessionTimeout, logReaderTimeoutMs };
    this.known = new KafkaGenerations(client, this.admin, reading);
    this.generations = new KafkaGenerationStore({
      ...{ kafka, client, admin: this.admin, known: this.known, shape: settings, reading },
      compression: this.compression,
    });
  }

  /** Loads the client. It connects with the first call that needs a connection. */
  static async open(settings: KafkaSettings, logger: Logger): Promise<KafkaBus> {
    replaceRecordCodec();
    endStoppedFetches();
    const { Kafka: Client } = await import('kafkajs');
    await registerCodecs();
    const kafka = new Client({
      socketFactory: connectWithoutDelay,
      ...settings.client,
      logCreator: () => logTo(logger),
    });
    const isOther = settings.recordClient === 'platformatic';
    const client = isOther ? await PlatformaticClient.load(settings.client) : new KafkaJsClient(kafka);
    return new KafkaBus(kafka, client, settings, logger);
  }

  async createTopics(topics: readonly string[], partitions: ReadonlyMap<string, number> = new Map()): Promise<void> {
    const names = await this.namesOf(topics);
    const counts = new Map<string, number>();
    for (const [name, topic] of names) {
      const known = this.known.known(topic);
      const count = known ? activeOf(known).partitions : partitions.get(topic);
      if (count !== undefined) counts.set(name, count);
    }
    const found = await this.admin.ask((admin) => createTopics(admin, [...names.keys()], this.settings, counts));
    for (const [name, count] of found) this.partitions.set(name, count);
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    const names = await this.namesOf(topics);
    const described = await this.admin.ask((admin) => describeTopics(admin, [...names.keys()]));
    return described.map((each) => ({
      ...each,
      topic: names.get(each.topic) as string,
      settings: withoutFence(each.settings),
      wantedReplicas: this.settings.replicas,
    }));
  }

  async countPartitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const names = [...(await this.namesOf(topics)).keys()];
    return this.admin.ask((admin) => countPartitions(admin, names));
  }

  async countRecords(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const names = await this.namesOf(topics);
    const counts = await this.admin.ask((admin) => countRecords(admin, [...names.keys()]));
    return new Map([...counts].map(([name, count]) => [names.get(name) as string, count]));
  }

  async extents(topic: string): Promise<readonly Extent[]> {
    const { name, firstPartition } = await this.known.viewOf(topic);
    const own = await this.admin.ask(async (admin) => {
      const [existing] = await existingTopics(admin, [name]);
      return existing === undefined ? [] : extentsOf(admin, existing);
    });
    if (own.length === 0) return [];
    const active = own.map(({ partition, ...extent }) => ({ partition: firstPartition + partition, ...extent }));
    return [...active, ...formerExtents(this.known.known(topic))];
  }

  async consumerLag(group: string, topic: string): Promise<readonly PartitionLag[]> {
    const known = await this.known.of(topic);
    return this.admin.ask((admin) => consumerLag(admin, group, topic, known));
  }

  async firstRecord(topic: string, partition: number, offset: number): Promise<LoggedRecord | undefined> {
    const known = await this.known.of(topic);
    return this.fetcher.first(viewWith(topic, partition, known), partition, offset);
  }

  read(topics: readonly string[], handler: RecordHandler, from: ReadFrom = {}): Promise<LogReader> {
    const { sessionTimeout, logReaderTimeoutMs = LOG_READER_TIMEOUT_MS } = this.settings;
    const settings = { sessionTimeout, logReaderTimeoutMs, from };
    return KafkaLogReader.start(this.client, settings, this.admin, () => this.known.currentViews(topics), handler);
  }

  async publish(topic: string, records: readonly BusRecord[]): Promise<void> {
    for (;;) {
      const { name } = await this.known.viewOf(topic);
      try {
        await this.producerOf(name).publish(records);
        return;
      } catch (error) {
        if (!isCodedError(error) || error.kind !== 'too-large') {
          // The generation may have been deleted while this process was suspended.
          void this.known.look([topic]).catch(() => undefined);
          throw error;
        }
        await this.expectOther(topic, name, error);
      }
    }
  }

  async consume(
    group: string,
    handlers: ReadonlyMap<string, RecordHandler>,
    startAt?: StartAt,
    hasReached?: HasReached,
  ): Promise<RunningConsumer> {
    const { sessionTimeout } = this.settings;
    const views = new GroupViews(this.known, [...handlers.keys()], hasReached);
    const consumer = new KafkaConsumer(
      this.client,
      this.kafka,
      sessionTimeout,
      group,
      handlers,
      views,
      this.logger,
      startAt,
    );
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
    await Promise.all([this.generations.close(), this.known.close(), this.fetcher.close()]);
    await this.admin.close();
  }

  private get compression(): Compression {
    return this.settings.compression ?? DEFAULT_COMPRESSION;
  }

  /** Returns the topics by the names of their active generations in Kafka. */
  private async namesOf(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    await this.known.lookOnce(topics);
    const views = await Promise.all(topics.map((topic) => this.known.viewOf(topic)));
    return new Map(views.map(({ name, topic }) => [name, topic]));
  }

  private producerOf(name: string): TopicProducer {
    const expect = (partitions: number) => this.expectSame(name, partitions);
    // Keys are encrypted, and what is encrypted hardly becomes smaller.
    const compression = keepsOnlyNewest(name) ? 'none' : this.compression;
    const producer = this.producers.get(name) ?? new TopicProducer(this.client, { topic: name, compression, expect });
    this.producers.set(name, producer);
    return producer;
  }

  /**
   * Resolves when another generation than `refusing` is active: a generation that was ended refuses every record.
   * @throws the refusal, when the record itself is too large; PlatformError `unavailable` when a switch takes long
   */
  private async expectOther(topic: string, refusing: string, refusal: unknown): Promise<void> {
    await this.known.look([topic]);
    const isEnding = (known = this.known.known(topic)) =>
      known?.switchingTo !== undefined && activeOf(known).name === refusing;
    if (isEnding()) await this.known.changed(topic, SWITCH_TIMEOUT_MS);
    if (isEnding()) throw unavailable(`${topic} is being switched to another generation`, refusal);
    if ((await this.known.viewOf(topic)).name !== refusing) return;
    // Otherwise the relay would set the aggregates aside whose events come next.
    if (await this.generations.isFenced(refusing)) {
      throw unavailable(`${refusing} was ended, and ${controlTopic(topic)} names no other generation`, refusal);
    }
    throw refusal;
  }

  /** With a changed partition count, the events of one aggregate would be in two partitions, without an order. */
  private expectSame(topic: string, partitions: number): void {
    const first = this.partitions.get(topic) ?? partitions;
    this.partitions.set(topic, first);
    if (partitions !== first) throw partitionsChanged(topic, partitions, first);
  }
}

/** The partitions of generations that are not active any more. Their events are in the active one, too. */
function formerExtents(known: Generations | undefined): Extent[] {
  const former = known?.generations.filter(({ generation, ends }) => ends && generation !== known.active) ?? [];
  return former.flatMap(endsOf).map(({ partition, end }) => ({ partition, first: end, end, isFormer: true }));
}

/** Namespaces for connection failures: the caller of the client logs these with more context. */
const CONNECTING = /^(?:Connection|BrokerPool|SaslAuthenticator)/;

/** Logs kafkajs's own messages, as warnings at most: kafkajs or its caller retries after an error. */
function logTo(logger: Logger) {
  return ({ namespace, level, log }: { namespace: string; level: number; log: { message: string } }) => {
    const { message, error, retryCount } = log as { message: string; error?: unknown; retryCount?: number };
    const line = { kafkajs: namespace, retryCount, ...(typeof error === 'string' && { reason: redact(error) }) };
    // kafkajs warns that an idempotent producer has few retries. TopicProducer explains why that is safe here.
    const isOfNote = level <= 2 && !CONNECTING.test(namespace) && !message.startsWith('Limiting retries');
    if (isOfNote) logger.warn(line, redact(message));
    else logger.debug(line, redact(message));
  };
}
