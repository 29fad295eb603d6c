import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryReader } from './history.js';
import { WAIT_SLOTS } from './wait-slots.js';

/** Delays before the reads after the first one; two seconds in all. */
const PAUSES_MS = [20, 50, 125, 305, 750, 750];

/**
 * Waits a moment for the history to record a change that was just acknowledged. It gives up after two seconds, or
 * at once where too many requests wait: while the log is unavailable, the caller gets what is recorded so far.
 * @example
 * await waitForHistory(history, id, version);
 */
export async function waitForHistory(
  history: Pick<HistoryReader, 'newestVersion'>,
  id: string,
  version: number,
): Promise<void> {
  const isThere = async () => (await history.newestVersion(id)) >= version;
  if (await isThere()) return;
  const free = WAIT_SLOTS.take();
  if (!free) return;
  try {
    for (const pause of PAUSES_MS) {
      await sleep(pause);
      if (await isThere()) return;
    }
  } finally {
    free();
  }
}
