import { PlatformError } from '../tools/errors.js';
import type { TopicDescription } from './bus.js';

type Settings = Readonly<Record<string, string>>;

/** Configuration of every topic, in Kafka's words: the log is the event store, and forgets nothing. */
export const UNLIMITED_RETENTION = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
} as const;

/** A dead letter may be as large as a record may be, and has headers besides. */
const ROOM_FOR_A_DEAD_LETTER = { 'max.message.bytes': String(2 * 1024 * 1024) };

/** Replicas that a topic has on a cluster, unless KAFKA_TOPIC_REPLICAS says otherwise. */
const REPLICAS = 3;
const MIN_IN_SYNC = 'min.insync.replicas';

/** The settings that a topic of this name, with so many replicas, is created with, in Kafka's words. */
export function settingsOf(topic: string, replicas = 1): Settings {
  return {
    ...UNLIMITED_RETENTION,
    ...(topic.endsWith('.dlt') && ROOM_FOR_A_DEAD_LETTER),
    ...(replicas >= REPLICAS && { [MIN_IN_SYNC]: '2' }),
  };
}

/**
 * Replicas of topics that are created while so many brokers are there. A topic keeps what it is made with, so it is not
 * made while brokers are away.
 * @param wanted where nobody has said: three, or one where there is one broker
 * @throws PlatformError `too-few-brokers`
 */
export function replicasOn(brokers: number, wanted = brokers === 1 ? 1 : REPLICAS): number {
  if (brokers >= wanted) return wanted;
  const message = `too few brokers: ${brokers} now, and topics are made with ${wanted} replicas (KAFKA_TOPIC_REPLICAS)`;
  throw new PlatformError('rejected', 'too-few-brokers', message);
}

/** Why the topic is no event store, in an operator's words. A setting that is not told is not held against it. */
export function retentionProblems({ topic, settings }: TopicDescription): string[] {
  return Object.entries(UNLIMITED_RETENTION).flatMap(([name, wanted]) => {
    const value = settings[name] ?? wanted;
    return value === wanted ? [] : [`${topic} would forget events: ${name} is ${value}, not ${wanted}`];
  });
}

/** Why nothing may be published to the topic: its keys' partitions are others than they were. */
export function partitionsChanged(topic: string, partitions: number, first: number): PlatformError {
  const message = `${topic} has ${partitions} partitions, and was made with ${first}: events of one key would be in two`;
  return new PlatformError('rejected', 'partitions-changed', message);
}

/** Why what was acknowledged could be lost with a broker, in an operator's words. */
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

/** What of the topic an operator may want otherwise, though it forgets nothing; so many partitions are expected. */
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
