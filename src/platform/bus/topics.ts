import type { TopicDescription } from './bus.js';

type Settings = Readonly<Record<string, string>>;

/** Configuration of every topic, in Kafka's words: the log is the event store, and forgets nothing. */
export const KEEPS_FOR_EVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const;

/** A dead letter may be as large as a record may be, and has headers besides. */
const ROOM_FOR_A_DEAD_LETTER = { 'max.message.bytes': String(2 * 1024 * 1024) };

/** Replicas that a topic has where there are as many brokers. */
export const REPLICAS = 3;

/** The settings that a topic of this name is created with, in Kafka's words. */
export function settingsOf(topic: string): Settings {
  return topic.endsWith('.dlt') ? { ...KEEPS_FOR_EVER, ...ROOM_FOR_A_DEAD_LETTER } : KEEPS_FOR_EVER;
}

/** Why the topic is no event store, in an operator's words. A setting that is not told is not held against it. */
export function whyItForgets({ topic, settings }: TopicDescription): string[] {
  return Object.entries(KEEPS_FOR_EVER).flatMap(([name, wanted]) => {
    const value = settings[name] ?? wanted;
    return value === wanted ? [] : [`${topic} would forget events: ${name} is ${value}, not ${wanted}`];
  });
}

/** What of the topic an operator may want otherwise, though it forgets nothing; so many partitions are expected. */
export function whatIsUnusual(description: TopicDescription, expectedPartitions: number): string[] {
  const { topic, partitions, replicationFactor, brokers } = description;
  const replicas = Math.min(REPLICAS, brokers);
  return [
    ...(replicas === REPLICAS && replicationFactor < REPLICAS
      ? [`${topic} has fewer replicas (${replicationFactor}) than it could have (${REPLICAS})`]
      : []),
    ...(partitions === expectedPartitions
      ? []
      : [`${topic} has ${partitions} partitions, and KAFKA_TOPIC_PARTITIONS is ${expectedPartitions}`]),
  ];
}
