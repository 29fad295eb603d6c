import { setTimeout as sleep } from 'node:timers/promises';
import { isCodedError } from '../tools/errors.js';
import type { Dependency, DependencyHealth } from '../tools/dependency.js';
import type { Bus } from './bus.js';
import { changedPartitions, type PartitionPins } from './partition-pins.js';
import { retentionProblems, durabilityProblems } from './topics.js';

/** Milliseconds for which an answer stands, so that probes do not weigh on the log. */
const FRESH_FOR = 10_000;
/** Milliseconds that a probe waits for a new answer before it gets the last one. */
const TIMEOUT_MS = 1_000;

/**
 * Tells readiness when one of the topics would forget or could lose events, or has not the partitions that it was made
 * with, for as long as that is so. Topics that are missing are created elsewhere; while the log is away the last answer
 * stands, and that it is away is told elsewhere too.
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
      return { reasons: described.flatMap((each) => [...retentionProblems(each), ...durabilityProblems(each)]) };
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
      if (now - askedAt >= FRESH_FOR) {
        askedAt = now;
        asking = ask().catch(() => undefined);
      }
      await Promise.race([asking, sleep(TIMEOUT_MS, undefined, { ref: false })]);
      return last;
    },
  };
}
