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

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Kafka settings of a topic of keys: it keeps only the newest record of each key, so that a destroyed key is gone from
 * it soon. The active segment is never compacted, so segments are short. A consumer that was away for longer than
 * `delete.retention.ms` misses that a key was destroyed, and learns of it from the erasure itself.
 */
const ONLY_THE_NEWEST = {
  'cleanup.policy': 'compact',
  'max.compaction.lag.ms': String(DAY_MS),
  'segment.ms': String(HOUR_MS),
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': String(35 * DAY_MS),
} as const;

/** The topic where instances state themselves, for the console. */
export const INSTANCES_TOPIC = 'operations.instances';
/** The topic of what people did in the console: the audit list. */
export const ACTIONS_TOPIC = 'operations.actions';
/** The topics of the console, and their numbers of partitions: what is on them has one order. */
export const CONSOLE_TOPICS: ReadonlyMap<string, number> = new Map([
  [INSTANCES_TOPIC, 1],
  [ACTIONS_TOPIC, 1],
]);

/** Nobody needs what instances stated an hour ago. */
const SHORT_LIVED = {
  'cleanup.policy': 'compact,delete',
  'retention.ms': String(HOUR_MS),
  'segment.ms': String(HOUR_MS),
} as const;

/** Returns true for a topic that keeps only the newest record of each key. */
export function keepsOnlyNewest(topic: string): boolean {
  return topic.endsWith('.keys');
}

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
  if (topic === INSTANCES_TOPIC) return [];
  if (keepsOnlyNewest(topic)) return compactionProblems(topic, settings);
  return Object.entries(keepingOf(topic)).flatMap(([name, wanted]) => {
    const value = settings[name] ?? wanted;
    return value === wanted ? [] : [`${topic} would forget events: ${name} is ${value}, not ${wanted}`];
  });
}

/** Returns the settings with which a topic of keys would lose keys, or keep destroyed ones, as sentences. */
function compactionProblems(topic: string, settings: Settings): string[] {
  const problem = (name: keyof typeof ONLY_THE_NEWEST, isWrong: (value: string) => boolean, than: string) => {
    const value = settings[name] ?? ONLY_THE_NEWEST[name];
    return isWrong(value) ? [`${topic}: ${name} is ${value}, ${than} ${ONLY_THE_NEWEST[name]}`] : [];
  };
  const isLess = (name: keyof typeof ONLY_THE_NEWEST) => (value: string) =>
    Number(value) < Number(ONLY_THE_NEWEST[name]);
  const isMore = (name: keyof typeof ONLY_THE_NEWEST) => (value: string) =>
    Number(value) > Number(ONLY_THE_NEWEST[name]);
  return [
    ...problem('cleanup.policy', (value) => value !== ONLY_THE_NEWEST['cleanup.policy'], 'not'),
    ...problem('max.compaction.lag.ms', isMore('max.compaction.lag.ms'), 'more than'),
    ...problem('delete.retention.ms', isLess('delete.retention.ms'), 'less than'),
  ];
}

/**
 * Returns why consumers cannot read what is sent to the topic, as sentences. With a `compression.type` other than
 * `producer`, brokers compress every batch again.
 */
export function compressionProblems({ topic, settings }: TopicDescription): string[] {
  const type = settings['compression.type'] ?? 'producer';
  return ['snappy', 'lz4'].includes(type)
    ? [`${topic} cannot be read: compression.type is ${type}, not producer, zstd, gzip or uncompressed`]
    : [];
}

function keepingOf(topic: string): Settings {
  if (topic === INSTANCES_TOPIC) return SHORT_LIVED;
  if (keepsOnlyNewest(topic)) return ONLY_THE_NEWEST;
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

/** Returns all reasons why the topic must not be used as it is, as sentences. */
export function problemsOf(description: TopicDescription): string[] {
  return [retentionProblems, durabilityProblems, compressionProblems].flatMap((problems) => problems(description));
}

/** Returns settings that are unusual but lose no events, as sentences. */
export function unusualSettings(description: TopicDescription, expectedPartitions: number): string[] {
  const { topic, partitions, replicationFactor, brokers, settings } = description;
  const replicas = Math.min(REPLICAS, brokers);
  const ofConsole = CONSOLE_TOPICS.get(topic);
  return [
    ...(replicas === REPLICAS && replicationFactor < REPLICAS
      ? [`${topic} has fewer replicas (${replicationFactor}) than it could have (${REPLICAS})`]
      : []),
    ...(keepsOnlyNewest(topic) && Number(settings['segment.ms'] ?? 0) > DAY_MS
      ? [`${topic}: segment.ms is ${settings['segment.ms']}; a destroyed key stays in the topic until its segment ends`]
      : []),
    ...(partitions === (ofConsole ?? expectedPartitions)
      ? []
      : ofConsole !== undefined
        ? [`${topic} has ${partitions} partitions, and needs ${ofConsole}`]
        : [`${topic} has ${partitions} partitions, and KAFKA_TOPIC_PARTITIONS is ${expectedPartitions}`]),
  ];
}
