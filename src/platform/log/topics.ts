import { PlatformError } from '../tools/errors.js';
import type { TopicDescription } from './bus.js';
import { isControlTopic } from './generations.js';

type Settings = Readonly<Record<string, string>>;

/** Kafka settings of every topic: the log is the event store, so it keeps everything. */
export const UNLIMITED_RETENTION = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
} as const;

/** Kafka settings of a topic that states generations: only the newest statement counts. */
const COMPACTED = { 'cleanup.policy': 'compact' } as const;

/** A dead letter may be as large as any record, plus its headers. */
const ROOM_FOR_A_DEAD_LETTER = { 'max.message.bytes': String(2 * 1024 * 1024) };

/** Default number of replicas on a cluster; KAFKA_TOPIC_REPLICAS overrides it. */
const REPLICAS = 3;
const MIN_IN_SYNC = 'min.insync.replicas';

/** Returns the Kafka settings with which a topic is created. */
export function settingsOf(topic: string, replicas = 1): Settings {
  return {
    ...keepingOf(topic),
    ...(topic.endsWith('.dlt') && ROOM_FOR_A_DEAD_LETTER),
    ...(replicas >= REPLICAS && { [MIN_IN_SYNC]: '2' }),
  };
}

/**
 * Returns the number of replicas for new topics. A topic keeps the number that it is created with, so none is created
 * while brokers are unavailable.
 * @param wanted default: three, or one if there is only one broker
 * @throws PlatformError `too-few-brokers`
 */
export function replicasOn(brokers: number, wanted = brokers === 1 ? 1 : REPLICAS): number {
  if (brokers >= wanted) return wanted;
  const message = `too few brokers: ${brokers} now, and topics are created with ${wanted} replicas (KAFKA_TOPIC_REPLICAS)`;
  throw new PlatformError('rejected', 'too-few-brokers', message);
}

/** Returns the settings with which the topic would lose events, as sentences. Unknown settings are ignored. */
export function retentionProblems({ topic, settings }: TopicDescription): string[] {
  return Object.entries(keepingOf(topic)).flatMap(([name, wanted]) => {
    const value = settings[name] ?? wanted;
    return value === wanted ? [] : [`${topic} would forget events: ${name} is ${value}, not ${wanted}`];
  });
}

function keepingOf(topic: string): Settings {
  return isControlTopic(topic) ? COMPACTED : UNLIMITED_RETENTION;
}

/** Returns the error that forbids publishing to a topic whose number of partitions changed. */
export function partitionsChanged(topic: string, partitions: number, first: number): PlatformError {
  const message = `${topic} has ${partitions} partitions, and was created with ${first}: events of one key would be in two`;
  return new PlatformError('rejected', 'partitions-changed', message);
}

/** Returns the settings with which acknowledged records could be lost with a broker, as sentences. */
export function durabilityProblems({ topic, replicationFactor, wantedReplicas, settings }: TopicDescription): string[] {
  if (wantedReplicas === undefined) return [];
  const inSync = settings[MIN_IN_SYNC] ?? '2';
  return [
    ...(replicationFactor < wantedReplicas
      ? [`${topic} has too few replicas: ${replicationFactor}, and KAFKA_TOPIC_REPLICAS is ${wantedReplicas}`]
      : []),
    ...(wantedReplicas >= REPLICAS && Number(inSync) < 2
      ? [`${topic} could lose events with one broker: ${MIN_IN_SYNC} is ${inSync}, not 2`]
      : []),
  ];
}

/** Returns settings that are unusual but lose no events, as sentences. */
export function unusualSettings(description: TopicDescription, expectedPartitions: number): string[] {
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
