import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { backoffDelay } from '../tools/backoff.js';
import type { Extent, TopicDescription } from '../log/bus.js';
import { replicasOn, settingsOf } from '../log/topics.js';
import { PlatformError } from '../tools/errors.js';

/** `ConfigResourceTypes.TOPIC`, without loading the client. */
const TOPIC: number = 2;
/** About 8 seconds: until a broker knows a topic that was created, or a partition has moved to another one. */
const MAX_FAILURES = 8;

/** Those of the topics that exist. Asking for the others would make some brokers create them. */
export async function existingTopics(admin: Admin, topics: readonly string[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  return topics.filter((topic) => existing.has(topic));
}

/** How topics are made, unless more is known of one. */
export interface TopicShape {
  readonly partitions: number;
  /** Undefined where nobody has said. */
  readonly replicas?: number | undefined;
}

/**
 * Creates the topics that are missing, and resolves with the number of partitions of each.
 * @throws PlatformError `too-few-brokers`
 */
export async function createTopics(
  admin: Admin,
  topics: readonly string[],
  shape: TopicShape,
  partitionsOf: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, number>> {
  // The client asks for all topics that it was ever asked for, so it is refused, too, for one that another call creates.
  await untilKnown(admin, () => createMissing(admin, topics, shape, partitionsOf));
  // A broker may learn of a topic, and of the partitions that it leads, a little later than the controller that created
  // it; an idempotent producer that is refused at its first record may have its sequence numbers wrong after that.
  const partitions = new Map<string, number>();
  for (const topic of topics) partitions.set(topic, (await extentsOf(admin, topic)).length);
  return partitions;
}

async function createMissing(
  admin: Admin,
  topics: readonly string[],
  { partitions, replicas }: TopicShape,
  partitionsOf: ReadonlyMap<string, number>,
): Promise<void> {
  const existing = new Set(await existingTopics(admin, topics));
  const missing = topics.filter((topic) => !existing.has(topic));
  if (missing.length === 0) return;
  const { brokers } = await admin.describeCluster();
  const replicationFactor = replicasOn(brokers.length, replicas);
  await admin.createTopics({
    waitForLeaders: false,
    topics: missing.map((topic) => {
      const settings = Object.entries(settingsOf(topic, replicationFactor));
      const configEntries = settings.map(([name, value]) => ({ name, value }));
      const numPartitions = partitionsOf.get(topic) ?? partitions;
      return { topic, numPartitions, replicationFactor, configEntries };
    }),
  });
}

/**
 * The topics that exist, with every setting that is in force.
 * @throws PlatformError `not-permitted`
 */
export async function describeTopics(admin: Admin, topics: readonly string[]): Promise<TopicDescription[]> {
  const existing = await existingTopics(admin, topics);
  if (existing.length === 0) return [];
  const [{ topics: metadata }, settings, { brokers }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: existing }),
    settingsInForce(admin, existing),
    admin.describeCluster(),
  ]);
  return metadata.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    brokers: brokers.length,
    settings: settings.get(name) ?? {},
  }));
}

/** How many partitions those of the topics have that exist. */
export async function countPartitions(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const existing = await existingTopics(admin, topics);
  if (existing.length === 0) return new Map();
  const { topics: metadata } = await admin.fetchTopicMetadata({ topics: existing });
  return new Map(metadata.map(({ name, partitions }) => [name, partitions.length]));
}

async function settingsInForce(admin: Admin, topics: readonly string[]): Promise<Map<string, Record<string, string>>> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum itself would load the client
      resources: topics.map((name) => ({ type: TOPIC, name })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  } catch (error) {
    if (!/_AUTHORIZATION_FAILED$/.test(String((error as { type?: unknown }).type))) throw error;
    const message = 'Kafka does not permit this process to see the settings of its topics';
    throw new PlatformError('rejected', 'not-permitted', message, undefined, { cause: error });
  }
}

/** The partitions of a topic, as they are now. */
export async function extentsOf(admin: Admin, topic: string): Promise<Extent[]> {
  const offsets = await untilKnown(admin, () => admin.fetchTopicOffsets(topic));
  return offsets.map(({ partition, low, high }) => ({ partition, first: Number(low), end: Number(high) }));
}

/** Asks again where a broker does not know a topic yet, or not who leads its partitions. */
async function untilKnown<T>(admin: Admin, ask: () => Promise<T>): Promise<T> {
  for (let failures = 0; ;) {
    try {
      // The client asks whoever led the partition when it last looked, and only for some requests it looks again.
      if (failures > 0) await admin.listGroups();
      return await ask();
    } catch (error) {
      failures += 1;
      const { name, retriable } = error as { name?: unknown; retriable?: unknown };
      if (name !== 'KafkaJSProtocolError' || retriable !== true || failures === MAX_FAILURES) throw error;
    }
    await sleep(backoffDelay(failures));
  }
}

/** How many records each topic holds; where transactions were used, their own records are counted too. */
export async function countRecords(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map(topics.map((topic) => [topic, 0]));
  for (const topic of await existingTopics(admin, topics)) {
    counts.set(topic, recordsIn(await extentsOf(admin, topic)));
  }
  return counts;
}

/** How many records of the topic the group has still to take; counted as by {@link countRecords}. */
export async function consumerLag(admin: Admin, groupId: string, topic: string): Promise<number> {
  const topics = await existingTopics(admin, [topic]);
  if (topics.length === 0) return 0;
  const [committed] = await admin.fetchOffsets({ groupId, topics });
  // Less than 0 where the group has committed nothing.
  const next = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  const extents = await extentsOf(admin, topic);
  return recordsIn(
    extents.map(({ partition, first, end }) => ({ partition, first: Math.max(first, next.get(partition) ?? 0), end })),
  );
}

function recordsIn(extents: readonly Extent[]): number {
  // A group may have come further than the end that was known a moment before.
  return extents.reduce((sum, { first, end }) => sum + Math.max(0, end - first), 0);
}
