import { unavailable } from '../tools/errors.js';
import { CALLER_TIMEOUT_MS, orUnavailableAfter, orUnavailable } from './errors.js';

/** CursorNotFound, QueryPlanKilled, CursorKilled, SnapshotUnavailable: the collection was replaced during the read. */
const REPLACED = new Set([43, 175, 237, 246]);
const MAX_TRIES = 10;

/**
 * Runs a read, and restarts it when the collection is replaced meanwhile.
 * @throws PlatformError `unavailable` when the server does not answer in time, or the collection is replaced repeatedly
 */
export function read<T>(call: () => Promise<T>, timeoutMs = CALLER_TIMEOUT_MS): Promise<T> {
  return orUnavailableAfter(timeoutMs, () => readAgain(call));
}

async function readAgain<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await orUnavailable(call);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && REPLACED.has(Number(error.code)))) throw error;
      if (tries === MAX_TRIES) throw unavailable('the collection was replaced repeatedly during the read', error);
    }
  }
}
