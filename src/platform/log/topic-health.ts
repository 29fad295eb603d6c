import { setTimeout as sleep } from 'node:timers/promises';
import { isCodedError } from '../tools/errors.js';
import type { Dependency, DependencyHealth } from '../tools/dependency.js';
import type { Bus } from './bus.js';
import { changedPartitions, type PartitionPins } from './partition-pins.js';
import { problemsOf } from './topics.js';

/** Lifetime of a result, so that probes do not load the brokers. */
const TTL_MS = 10_000;
/** Time that a probe waits for a new result before it gets the previous one. */
const TIMEOUT_MS = 1_000;

/**
 * Returns a readiness check that fails while one of the topics could lose events, cannot be read, or has another number
 * of partitions than it was created with. Missing topics are not its concern. While the log is unavailable, which another check
 * reports, the last result stays valid.
 */
export function topicHealth(
  bus: Pick<Bus, 'countPartitions' | 'describeTopics'>,
  topics: readonly string[],
  pins: readonly PartitionPins[] = [],
): Dependency {
  let last: DependencyHealth = { up: true };
  let askedAt = -Infinity;
  let asking: Promise<void> = Promise.resolve();

  async function ask(): Promise<void> {
    const changed = await changedPartitions(pins, await bus.countPartitions(topics));
    const { reasons, detail } = await describe();
    const all = [...changed.map(({ message }) => message), ...reasons];
    last = all.length > 0 ? { up: false, detail: all.join('; ') } : { up: true, ...(detail && { detail }) };
  }

  async function describe(): Promise<{ reasons: string[]; detail?: string }> {
    try {
      const described = await bus.describeTopics(topics);
      return { reasons: described.flatMap(problemsOf) };
    } catch (error) {
      if (isCodedError(error) && error.code === 'not-permitted') return { reasons: [], detail: error.message };
      throw error;
    }
  }

  return {
    name: 'topics',
    required: () => true,
    check: async () => {
      const now = performance.now();
      if (now - askedAt >= TTL_MS) {
        askedAt = now;
        asking = ask().catch(() => undefined);
      }
      await Promise.race([asking, sleep(TIMEOUT_MS, undefined, { ref: false })]);
      return last;
    },
  };
}
