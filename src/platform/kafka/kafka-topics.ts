import type { Admin } from 'kafkajs';
import type { TopicDescription } from '../bus/bus.js';

/** `ConfigResourceTypes.TOPIC`, without loading the client. */
const TOPIC: number = 2;

/** Those of the topics that exist. Asking for the others would make some brokers create them. */
export async function existingTopics(admin: Admin, topics: readonly string[]): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  return topics.filter((topic) => existing.has(topic));
}

/** The topics that exist, with every setting that is in force. */
export async function describeTopics(admin: Admin, topics: readonly string[]): Promise<TopicDescription[]> {
  const existing = await existingTopics(admin, topics);
  if (existing.length === 0) return [];
  const [{ topics: metadata }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: existing }),
    admin.describeConfigs({
      includeSynonyms: false,
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum itself would load the client
      resources: existing.map((name) => ({ type: TOPIC, name })),
    }),
  ]);
  return metadata.map(({ name, partitions }) => {
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
    return {
      topic: name,
      partitions: partitions.length,
      replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      settings: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  });
}

/** How many records each topic holds. */
export async function countRecords(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map(topics.map((topic) => [topic, 0]));
  for (const topic of await existingTopics(admin, topics)) {
    const offsets = await admin.fetchTopicOffsets(topic);
    counts.set(
      topic,
      offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0),
    );
  }
  return counts;
}
