import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from './history.js';

/** Delay before the second read, and the factor by which each further delay grows. */
const FIRST_PAUSE_MS = 20;
const GROWTH = 2.5;
const MAX_WAIT_MS = 2_000;

/**
 * Waits a moment for the history to record a change that was just acknowledged. It gives up after seven reads: while
 * the log is unavailable, the caller gets what is recorded so far.
 * @example
 * await waitForHistory(history, id, version);
 */
export async function waitForHistory(history: History, id: string, version: number): Promise<void> {
  const deadline = performance.now() + MAX_WAIT_MS;
  for (let pause = FIRST_PAUSE_MS; (await history.newestVersion(id)) < version; pause *= GROWTH) {
    const left = deadline - performance.now();
    if (left <= 0) return;
    await sleep(Math.min(pause, left));
  }
}
