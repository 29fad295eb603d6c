import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { backoffDelay } from '../tools/backoff.js';
import type { Extent, TopicDescription } from '../log/bus.js';
import { replicasOn, settingsOf } from '../log/topics.js';
import { PlatformError } from '../tools/errors.js';
import { TOPIC } from './topic-settings.js';

/** About 8 seconds: enough for a broker to learn of a new topic or a new partition leader. */
const MAX_FAILURES = 8;

/** Returns the topics that exist. Asking for metadata of the others would make some brokers create them. */
export async function existingTopics(admin: Admin, topics: readonly string[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  return topics.filter((topic) => existing.has(topic));
}

/** Defaults for new topics. */
export interface TopicShape {
  readonly partitions: number;
  /** Undefined when not configured. */
  readonly replicas?: number | undefined;
}

/**
 * Creates missing topics. Returns the partition count of each topic.
 * @throws PlatformError `too-few-brokers`
 */
export async function createTopics(
  admin: Admin,
  topics: readonly string[],
  shape: TopicShape,
  partitionsOf: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, number>> {
  // kafkajs requests metadata for all topics it has ever seen, so a topic that another call is creating fails this one,
  // too.
  await untilKnown(admin, () => createMissing(admin, topics, shape, partitionsOf));
  // Wait until the brokers know the new topic: they learn of it later than the controller. If an idempotent producer's
  // first record is refused, its sequence numbers may be wrong afterwards.
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
 * Describes the topics that exist, with their effective settings.
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

/** Returns the partition counts of the topics that exist. */
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
    const message = 'this process is not authorized to read the settings of its topics (DescribeConfigs)';
    throw new PlatformError('rejected', 'not-permitted', message, undefined, { cause: error });
  }
}

/** Returns the current offsets of a topic's partitions. */
export async function extentsOf(admin: Admin, topic: string): Promise<Extent[]> {
  const offsets = await untilKnown(admin, () => admin.fetchTopicOffsets(topic));
  return offsets.map(({ partition, low, high }) => ({ partition, first: Number(low), end: Number(high) }));
}

/** Retries while a broker does not know a topic or its partition leaders yet. */
async function untilKnown<T>(admin: Admin, ask: () => Promise<T>): Promise<T> {
  for (let failures = 0; ;) {
    try {
      // kafkajs asks the last known leader, and refreshes its metadata only for some requests. This is one of them.
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

/** Counts the records of each topic, including transaction markers. */
export async function countRecords(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map(topics.map((topic) => [topic, 0]));
  for (const topic of await existingTopics(admin, topics)) {
    counts.set(topic, recordsIn(await extentsOf(admin, topic)));
  }
  return counts;
}

/**
 * Returns what a group has not consumed of each partition.
 * @param begins by partition: the offset at which the group begins, if it has committed none
 */
export function remaining(
  extents: readonly Extent[],
  committed: readonly { readonly partition: number; readonly offset: string }[],
  begins: readonly number[] = [],
): Extent[] {
  const next = new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
  return extents.map(({ partition, first, end }) => {
    const own = next.get(partition) ?? -1;
    // Negative when the group has committed nothing.
    return { partition, first: Math.max(first, own >= 0 ? own : (begins[partition] ?? 0)), end };
  });
}

function recordsIn(extents: readonly Extent[]): number {
  // A committed offset may be newer than the end offset that was fetched before it.
  return extents.reduce((sum, { first, end }) => sum + Math.max(0, end - first), 0);
}
