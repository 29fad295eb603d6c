import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from './history.js';

const LOOK_EVERY = 20;
const LONGEST = 2_000;

/**
 * Gives the history a moment to hear of a change that was acknowledged just now. It does not insist: while the log is
 * away, what is recorded so far is the answer.
 */
export async function waitForHistory(history: History, id: string, version: number): Promise<void> {
  const deadline = Date.now() + LONGEST;
  while ((await history.newestVersion(id)) < version && Date.now() < deadline) await sleep(LOOK_EVERY);
}
