import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from './history.js';

/** Milliseconds until the second look; each pause after that is so many times as long as the one before. */
const FIRST_PAUSE_MS = 20;
const GROWTH = 2.5;
const MAX_WAIT_MS = 2_000;

/**
 * Gives the history a moment to hear of a change that was acknowledged just now. It does not insist: while the log is
 * away, what is recorded so far is the answer, and
 * it has cost the database seven reads.
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
