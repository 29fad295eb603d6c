import { setTimeout as sleep } from 'node:timers/promises';
import { isCodedError } from '../errors.js';
import type { Dependency, DependencyHealth } from '../health/health.js';
import type { Bus } from './bus.js';
import { whyItForgets } from './topics.js';

/** Milliseconds for which an answer stands, so that probes do not weigh on the log. */
const FRESH_FOR = 10_000;
/** Milliseconds that a probe waits for a new answer before it gets the last one. */
const PATIENCE = 1_000;

/**
 * Tells readiness when one of the topics would forget events, for as long as that is so. Topics that are missing are
 * created elsewhere; while the log is away the last answer stands, and that it is away is told elsewhere too.
 */
export function topicHealth(bus: Pick<Bus, 'describeTopics'>, topics: readonly string[]): Dependency {
  let last: DependencyHealth = { up: true };
  let askedAt = -Infinity;
  let asking: Promise<void> = Promise.resolve();

  async function ask(): Promise<void> {
    try {
      const reasons = (await bus.describeTopics(topics)).flatMap(whyItForgets);
      last = reasons.length === 0 ? { up: true } : { up: false, detail: reasons.join('; ') };
    } catch (error) {
      if (isCodedError(error) && error.code === 'not-permitted') last = { up: true, detail: error.message };
    }
  }

  return {
    name: 'topics',
    required: () => true,
    check: async () => {
      const now = performance.now();
      if (now - askedAt >= FRESH_FOR) {
        askedAt = now;
        asking = ask();
      }
      await Promise.race([asking, sleep(PATIENCE, undefined, { ref: false })]);
      return last;
    },
  };
}
