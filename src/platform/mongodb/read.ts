import { unavailable } from '../tools/errors.js';
import { CALLER_TIMEOUT_MS, inTime, orUnavailable } from './errors.js';

/** CursorNotFound, QueryPlanKilled, CursorKilled, SnapshotUnavailable: what was read from has just been replaced. */
const REPLACED = new Set([43, 175, 237, 246]);
const MAX_TRIES = 10;

/**
 * Runs a read, from its beginning again where the collection was replaced under it.
 * @throws PlatformError `unavailable` when the server does not answer in time, or the collection is replaced all the time.
 */
export function read<T>(call: () => Promise<T>, timeoutMs = CALLER_TIMEOUT_MS): Promise<T> {
  return inTime(timeoutMs, () => readAgain(call));
}

async function readAgain<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await orUnavailable(call);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && REPLACED.has(Number(error.code)))) throw error;
      if (tries === MAX_TRIES) throw unavailable('what is read is replaced all the time', error);
    }
  }
}
