import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { PlatformError } from '../tools/errors.js';
import type { Dependency } from '../tools/dependency.js';
import type { TopicDescription } from './bus.js';
import { topicHealth } from './topic-health.js';
import { UNLIMITED_RETENTION } from './topics.js';

const FORGETS = { up: false, detail: 't would forget events: retention.ms is 1, not -1' };
/** Longer than an answer stands. */
const LATER = 11_000;

let asked: number;
let answer: () => Promise<readonly TopicDescription[]>;
let partitions: number;
const pins = { pinned: () => Promise.resolve(new Map([['t', 6]])), pin: () => Promise.resolve() };
let health: Dependency;

beforeEach(() => {
  jest.useFakeTimers();
  asked = 0;
  partitions = 6;
  health = topicHealth(
    {
      describeTopics: () => {
        asked += 1;
        return answer();
      },
      countPartitions: () => Promise.resolve(new Map([['t', partitions]])),
    },
    ['t'],
    [pins],
  );
});

afterEach(() => {
  jest.useRealTimers();
});

function retention(milliseconds: string): () => Promise<readonly TopicDescription[]> {
  const settings = { ...UNLIMITED_RETENTION, 'retention.ms': milliseconds };
  return () => Promise.resolve([{ topic: 't', partitions: 1, replicationFactor: 1, brokers: 1, settings }]);
}

it('says why a topic would forget events, and no longer once it was repaired', async () => {
  answer = retention('1');
  expect(await health.check()).toEqual(FORGETS);
  answer = retention('-1');
  jest.advanceTimersByTime(LATER);
  expect(await health.check()).toEqual({ up: true });
  expect([health.name, health.required()]).toEqual(['topics', true]);
});

it('asks once for many probes', async () => {
  answer = retention('1');
  const healths = await Promise.all(Array.from({ length: 20 }, () => health.check()));
  expect(healths).toEqual(Array.from({ length: 20 }, () => FORGETS));
  await health.check();
  expect(asked).toBe(1);
});

it('keeps the last answer while the log is away', async () => {
  answer = retention('1');
  await health.check();
  answer = () => Promise.reject(new Error('the log is away'));
  jest.advanceTimersByTime(LATER);
  expect(await health.check()).toEqual(FORGETS);
  expect(asked).toBe(2);
});

it('does not keep a probe waiting for a log that does not answer', async () => {
  answer = () => new Promise(() => undefined);
  const checked = health.check();
  await jest.advanceTimersByTimeAsync(LATER);
  expect(await checked).toEqual({ up: true });
});

it('stays up, and says so, where the settings may not be seen', async () => {
  answer = () => Promise.reject(new PlatformError('rejected', 'not-permitted', 'not permitted'));
  expect(await health.check()).toEqual({ up: true, detail: 'not permitted' });
});

it('says that the number of partitions is another one than the topic was made with', async () => {
  answer = retention('-1');
  partitions = 12;
  const detail = 't has 12 partitions, and was created with 6: events of one key would be in two';
  expect(await health.check()).toEqual({ up: false, detail });
  answer = () => Promise.reject(new PlatformError('rejected', 'not-permitted', 'not permitted'));
  jest.advanceTimersByTime(LATER);
  expect(await health.check()).toEqual({ up: false, detail });
});

it('says that a topic has fewer replicas than it must have', async () => {
  answer = async () => (await retention('-1')()).map((each) => ({ ...each, wantedReplicas: 3 }));
  expect(await health.check()).toEqual({
    up: false,
    detail: 't has too few replicas: 1, and KAFKA_TOPIC_REPLICAS is 3',
  });
});
