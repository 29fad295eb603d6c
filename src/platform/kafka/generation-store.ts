import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka, Producer } from 'kafkajs';
import type { BusRecord, LogReader, RecordHandler } from '../log/bus.js';
import { controlTopic, type Generation, type Generations, type GenerationStore } from '../log/generations.js';
import type { Compression } from '../operating/config/kafka-settings.js';
import { partitionsChanged } from '../log/topics.js';
import { unavailable } from '../tools/errors.js';
import { byKey } from './partitioning.js';
import type { KafkaAdmin } from './admin.js';
import { connected, RETRY } from './client.js';
import type { KafkaGenerations } from './generations.js';
import { KafkaLogReader, type LogReaderSettings } from './log-reader.js';
import { FENCE_HEADER } from './record.js';
import type { RecordClient } from './record-client.js';
import { isTooLarge, TopicProducer } from './topic-producer.js';
import { ownSettingsOf, setOwnSettings } from './topic-settings.js';
import { createTopics, existingTopics, extentsOf, type TopicShape } from './topics.js';

const LIMIT = 'max.message.bytes';
/**
 * The limit of a fenced topic, in bytes: smaller than a record batch with any event (the hash and the id alone have 48
 * bytes that cannot be compressed, after a header of 61), and larger than the one record that marks the end.
 */
const FENCED_LIMIT = '100';
/** Larger than {@link FENCED_LIMIT} in any compression. It tells a person who finds it what it is. */
const PROBE =
  'This record is no event. It tested whether Kafka refuses records: this generation of the topic is ended or resumed.';
const PROBE_INTERVAL_MS = 20;
const LIMIT_TIMEOUT_MS = 30_000;

/** What the store needs of the bus. */
export interface GenerationStoreOptions {
  readonly kafka: Kafka;
  readonly client: RecordClient;
  readonly admin: KafkaAdmin;
  readonly known: KafkaGenerations;
  readonly shape: TopicShape;
  readonly reading: Omit<LogReaderSettings, 'from'>;
  /** Compression of the batches that are sent. */
  readonly compression: Compression;
}

/** The generations of topics in Kafka. */
export class KafkaGenerationStore implements GenerationStore {
  private readonly producers = new Map<string, TopicProducer>();

  constructor(private readonly options: GenerationStoreOptions) {}

  async read(topic: string): Promise<Generations | undefined> {
    await this.options.known.look([topic]);
    return this.options.known.known(topic);
  }

  async write(generations: Generations): Promise<void> {
    const { admin, shape, known } = this.options;
    const control = controlTopic(generations.topic);
    if (!known.known(generations.topic)) {
      await admin.ask((asking) => createTopics(asking, [control], { ...shape, partitions: 1 }));
    }
    const record = { key: Buffer.from('generations'), value: Buffer.from(JSON.stringify(generations)), headers: {} };
    await this.producerOf(control).publish([record]);
    // From now on this process publishes and reads accordingly.
    await known.look([generations.topic]);
  }

  async create(generation: Generation, like: Generation, settings = {}): Promise<void> {
    const { admin, shape } = this.options;
    const { name, partitions } = generation;
    const isThere = await admin.ask(async (asking) => (await existingTopics(asking, [name])).length > 0);
    const created = await admin.ask((asking) => createTopics(asking, [name], { ...shape, partitions }));
    const count = created.get(name) ?? partitions;
    if (count !== partitions) throw partitionsChanged(name, count, partitions);
    if (isThere) return;
    const inherited = withoutFence(await admin.ask((asking) => ownSettingsOf(asking, like.name)));
    await admin.ask((asking) => setOwnSettings(asking, name, { ...inherited, ...settings }));
  }

  async delete({ name }: Generation): Promise<void> {
    await this.producers.get(name)?.close();
    this.producers.delete(name);
    await this.options.admin.ask(async (admin) => {
      if ((await existingTopics(admin, [name])).length > 0) await admin.deleteTopics({ topics: [name] });
    });
  }

  async maxMessageBytes({ name }: Generation): Promise<string | undefined> {
    return (await this.options.admin.ask((admin) => ownSettingsOf(admin, name)))[LIMIT];
  }

  /** True if the topic with this name refuses every event. */
  async isFenced(name: string): Promise<boolean> {
    return (await this.options.admin.ask((admin) => ownSettingsOf(admin, name)))[LIMIT] === FENCED_LIMIT;
  }

  async fence({ name, partitions }: Generation): Promise<void> {
    // Connected before the change: a fence whose effect cannot be seen is not raised.
    await this.withProducer(async (producer) => {
      await this.changeSettings(name, (own) => ({ ...own, [LIMIT]: FENCED_LIMIT }));
      await inEach(partitions, async (partition, signal) => {
        await untilProbe('refused', producer, name, partition, signal);
        // Small enough for the fenced topic. Once it is durable, all earlier records are, too: a partition's records
        // become readable in order, and records of a delayed request are either before it or refused.
        await producer.send({ topic: name, acks: -1, messages: [{ partition, ...END_MARK }] });
      });
    });
  }

  async lift({ name, partitions, maxMessageBytes }: Generation): Promise<void> {
    const before = await this.changeSettings(name, ({ [LIMIT]: _, ...own }) => ({
      ...own,
      ...(maxMessageBytes !== undefined && { [LIMIT]: maxMessageBytes }),
    }));
    if (before[LIMIT] !== FENCED_LIMIT) return;
    // Otherwise a broker that does not know it yet refuses the records that are appended next.
    await this.withProducer((producer) =>
      inEach(partitions, (partition, signal) => untilProbe('accepted', producer, name, partition, signal)),
    );
  }

  follow({ name }: Generation, handler: RecordHandler, from?: ReadonlyMap<number, number>): Promise<LogReader> {
    const { client, admin, reading } = this.options;
    const views = () => Promise.resolve([{ topic: name, name, firstPartition: 0 }]);
    const startAt = (_topic: string, partition: number) => from?.get(partition) ?? 0;
    return KafkaLogReader.start(client, { ...reading, from: { startAt } }, admin, views, handler);
  }

  append({ name }: Generation, records: readonly BusRecord[]): Promise<void> {
    return this.producerOf(name).publish(records);
  }

  async ends({ name }: Generation): Promise<readonly number[]> {
    const extents = await this.options.admin.ask((admin) => extentsOf(admin, name));
    return extents.sort((one, other) => one.partition - other.partition).map(({ end }) => end);
  }

  async close(): Promise<void> {
    await Promise.all([...this.producers.values()].map((producer) => producer.close()));
  }

  private producerOf(name: string): TopicProducer {
    const { client, compression } = this.options;
    const options = { topic: name, compression, expect: () => undefined };
    const producer = this.producers.get(name) ?? new TopicProducer(client, options);
    this.producers.set(name, producer);
    return producer;
  }

  /** Has a producer that lets one choose the partition. */
  private async withProducer(work: (producer: Producer) => Promise<void>): Promise<void> {
    const options = { allowAutoTopicCreation: false, retry: RETRY, createPartitioner: byKey };
    const producer = await connected(this.options.kafka.producer(options), () => undefined);
    try {
      await work(producer);
    } finally {
      await producer.disconnect();
    }
  }

  /** Returns the settings before the change. */
  private changeSettings(
    name: string,
    change: (own: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, string>>> {
    return this.options.admin.ask(async (admin: Admin) => {
      const before = await ownSettingsOf(admin, name);
      await setOwnSettings(admin, name, change(before));
      return before;
    });
  }
}

/** Drops the limit that ends a generation: it says nothing about the events that the topic accepts. */
export function withoutFence(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { [LIMIT]: limit, ...others } = settings;
  return limit === FENCED_LIMIT ? others : settings;
}

const END_MARK = { key: null, value: null, headers: { [FENCE_HEADER]: '' } };

/** Works on all partitions at the same time. */
async function inEach(
  partitions: number,
  work: (partition: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.timeout(LIMIT_TIMEOUT_MS);
  await Promise.all(Array.from({ length: partitions }, (_, partition) => work(partition, signal)));
}

/**
 * A broker learns of the new limit some milliseconds after the controller.
 * @throws PlatformError `unavailable` when the probe has another outcome until the signal is aborted
 */
async function untilProbe(
  wanted: 'refused' | 'accepted',
  producer: Producer,
  topic: string,
  partition: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const outcome = await probe(producer, topic, partition);
    if (outcome === wanted) return;
    if (signal.aborted) throw unavailable(`records of ${topic} are still ${outcome}, although ${LIMIT} was changed`);
    await sleep(PROBE_INTERVAL_MS);
  }
}

async function probe(producer: Producer, topic: string, partition: number): Promise<'refused' | 'accepted'> {
  try {
    const messages = [{ partition, key: null, value: PROBE, headers: { [FENCE_HEADER]: '' } }];
    await producer.send({ topic, acks: -1, messages });
    return 'accepted';
  } catch (error) {
    if (isTooLarge(error)) return 'refused';
    throw error;
  }
}
