import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TopicDescription } from './bus.js';
import {
  ACTIONS_TOPIC,
  INSTANCES_TOPIC,
  UNLIMITED_RETENTION,
  replicasOn,
  settingsOf,
  unusualSettings,
  compressionProblems,
  problemsOf,
  retentionProblems,
  durabilityProblems,
} from './topics.js';

function described(settings: Record<string, string> = {}, others: Partial<TopicDescription> = {}): TopicDescription {
  const topic = 'accounts.customer.change';
  return {
    topic,
    partitions: 6,
    replicationFactor: 3,
    brokers: 3,
    settings: { ...UNLIMITED_RETENTION, ...settings },
    ...others,
  };
}

describe('why a topic forgets', () => {
  it.each([
    [{ 'retention.ms': '604800000' }, ['retention.ms is 604800000, not -1']],
    [{ 'retention.bytes': '1073741824' }, ['retention.bytes is 1073741824, not -1']],
    [{ 'cleanup.policy': 'compact' }, ['cleanup.policy is compact, not delete']],
    [{ 'cleanup.policy': 'compact,delete' }, ['cleanup.policy is compact,delete, not delete']],
    [{ 'cleanup.policy': 'delete,compact' }, ['cleanup.policy is delete,compact, not delete']],
    [{ 'retention.ms': '0', 'retention.bytes': '0' }, ['retention.ms is 0, not -1', 'retention.bytes is 0, not -1']],
    [{ 'max.message.bytes': '1', 'segment.ms': '1', 'delete.retention.ms': '1' }, []],
    [{}, []],
  ])('is said of %j', (settings, reasons) => {
    const sentences = reasons.map((reason) => `accounts.customer.change would forget events: ${reason}`);
    expect(retentionProblems(described(settings))).toEqual(sentences);
  });

  it('is nothing for the topics that are created here', () => {
    for (const topic of ['a.b.change', 'a.b.change.group.dlt', INSTANCES_TOPIC, ACTIONS_TOPIC]) {
      expect(retentionProblems(described({}, { topic, settings: settingsOf(topic) }))).toEqual([]);
    }
  });

  it('is not guessed from a setting that the broker does not tell', () => {
    expect(retentionProblems(described({}, { settings: { 'retention.ms': '5' } }))).toHaveLength(1);
    expect(retentionProblems(described({}, { settings: {} }))).toEqual([]);
  });

  it('is one reason for every setting that is not as it must be, and names topic, setting and value', () => {
    const name = fc.constantFrom(...(Object.keys(UNLIMITED_RETENTION) as (keyof typeof UNLIMITED_RETENTION)[]));
    const value = fc.oneof(
      fc.maxSafeInteger().map(String),
      fc.constantFrom('compact', 'delete', '-1', 'compact,delete'),
    );
    const settings = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 3 });
    fc.assert(
      fc.property(settings, fc.dictionary(fc.string(), fc.string()), (relevant, others) => {
        const wrong = relevant.filter(([key, is]) => is !== UNLIMITED_RETENTION[key]);
        const reasons = retentionProblems(
          described({}, { settings: { ...others, ...UNLIMITED_RETENTION, ...Object.fromEntries(relevant) } }),
        );
        expect(reasons).toHaveLength(wrong.length);
        for (const [key, is] of wrong) {
          expect(reasons).toContain(
            `accounts.customer.change would forget events: ${key} is ${is}, not ${UNLIMITED_RETENTION[key]}`,
          );
        }
      }),
    );
  });
});

describe('why a topic cannot be read', () => {
  it.each(['snappy', 'lz4'])('is said of compression.type %s', (type) => {
    const topic = described({ 'compression.type': type });
    const sentence = `accounts.customer.change cannot be read: compression.type is ${type}, not producer, zstd, gzip or uncompressed`;
    expect(compressionProblems(topic)).toEqual([sentence]);
    expect(problemsOf(topic)).toEqual([sentence]);
  });

  it.each(['producer', 'zstd', 'gzip', 'uncompressed'])('is nothing for compression.type %s', (type) => {
    expect(compressionProblems(described({ 'compression.type': type }))).toEqual([]);
  });

  it('is nothing for topics that are created here: they keep what producers send', () => {
    expect(settingsOf('a.b.change', 3)).not.toHaveProperty('compression.type');
    expect(problemsOf(described(settingsOf('a.b.change', 3)))).toEqual([]);
  });
});

describe('the replicas of a topic that is created', () => {
  it.each([
    [1, undefined, 1],
    [3, undefined, 3],
    [9, undefined, 3],
    [1, 1, 1],
    [3, 2, 2],
    [5, 5, 5],
  ])('on %i brokers, where %s are wanted, are %i', (brokers, wanted, replicas) => {
    expect(replicasOn(brokers, wanted)).toBe(replicas);
  });

  it.each([
    [2, undefined],
    [2, 3],
    [1, 3],
    [1, 2],
  ])('on %i brokers, where %s are wanted, are refused', (brokers, wanted) => {
    expect(() => replicasOn(brokers, wanted)).toThrow(
      `too few brokers: ${brokers} now, and topics are created with ${wanted ?? 3} replicas (KAFKA_TOPIC_REPLICAS)`,
    );
  });

  it('want two in sync where there are three', () => {
    const inSync = (replicas: number) => settingsOf('a.b.change', replicas)['min.insync.replicas'];
    expect([inSync(1), inSync(2), inSync(3), inSync(5)]).toEqual([undefined, undefined, '2', '2']);
  });
});

describe('why a topic may lose events with a broker', () => {
  const inSync = (number: string) => ({ 'min.insync.replicas': number });
  it.each([
    [{}, { replicationFactor: 1 }, []],
    [inSync('1'), { replicationFactor: 3 }, []],
    [inSync('2'), { wantedReplicas: 3 }, []],
    [{}, { wantedReplicas: 3 }, []],
    [inSync('1'), { wantedReplicas: 2 }, []],
    [
      inSync('2'),
      { wantedReplicas: 3, replicationFactor: 2 },
      ['has too few replicas: 2, and KAFKA_TOPIC_REPLICAS is 3'],
    ],
    [inSync('1'), { wantedReplicas: 3 }, ['could lose events with one broker: min.insync.replicas is 1, not 2']],
  ])('is said of %j, %j', (settings, others, reasons) => {
    const sentences = reasons.map((reason) => `accounts.customer.change ${reason}`);
    expect(durabilityProblems(described(settings, others))).toEqual(sentences);
  });
});

describe('what is unusual about a topic', () => {
  it.each([
    [{ replicationFactor: 1, brokers: 1 }, []],
    [{ replicationFactor: 2, brokers: 2 }, []],
    [{ replicationFactor: 3, brokers: 5 }, []],
    [{ replicationFactor: 2, brokers: 3 }, ['accounts.customer.change has fewer replicas (2) than it could have (3)']],
    [{ replicationFactor: 1, brokers: 9 }, ['accounts.customer.change has fewer replicas (1) than it could have (3)']],
    [{ partitions: 3 }, ['accounts.customer.change has 3 partitions, and KAFKA_TOPIC_PARTITIONS is 6']],
  ])('is said of %j', (others, warnings) => {
    expect(unusualSettings(described({}, others), 6)).toEqual(warnings);
  });
});

describe('the topics of the console', () => {
  it('have one partition each, whatever the others have', () => {
    for (const topic of [INSTANCES_TOPIC, ACTIONS_TOPIC]) {
      expect(unusualSettings(described({}, { topic, partitions: 1 }), 6)).toEqual([]);
      const warnings = [`${topic} has 6 partitions, and needs 1`];
      expect(unusualSettings(described({}, { topic, partitions: 6 }), 6)).toEqual(warnings);
    }
  });

  it('keep every action, and what instances state for an hour', () => {
    const kept = { settings: { 'retention.ms': '3600000' } };
    expect(retentionProblems(described({}, { topic: ACTIONS_TOPIC, ...kept }))).toHaveLength(1);
    expect(retentionProblems(described({}, { topic: INSTANCES_TOPIC, ...kept }))).toEqual([]);
  });
});
