import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/**
 * Timeouts of the steps of a stop; together less than the 10 s that an orchestrator grants. Jobs end while the last
 * requests are finished, and the last spans are sent while the connections are closed.
 */
const TIMEOUTS_MS = {
  requests: 4_000,
  jobs: 4_000,
  consumers: 2_000,
  relays: 2_000,
  connections: 1_000,
  traces: 1_000,
  management: 500,
};

/** Runs one step of a stop. @param work gets the milliseconds that it has */
export type StopStep = (
  name: keyof typeof TIMEOUTS_MS,
  work: (timeoutMs: number) => Promise<unknown> | undefined,
) => Promise<void>;

/** Returns what runs the steps of a stop. A step is left behind after its timeout: committed data cannot be lost. */
export function stopSteps(logger: Logger): StopStep {
  return async (step, work) => {
    const timeoutMs = TIMEOUTS_MS[step];
    const settled = Promise.resolve(work(timeoutMs)).then(
      () => 'done',
      (error: unknown) => logger.warn({ err: error, step }, 'error while stopping'),
    );
    const late = sleep(timeoutMs, 'late', { ref: false });
    if ((await Promise.race([settled, late])) === 'late') logger.warn({ step }, 'stop step timed out; continuing');
  };
}
