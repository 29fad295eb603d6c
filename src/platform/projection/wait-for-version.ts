import { unavailable } from '../errors.js';
import type { Arrivals } from './arrivals.js';
import type { Projection, Versioned } from './projection.js';

/** Milliseconds between two looks without being told: the copy may be moved by another instance. */
const LOOK_EVERY = 100;

export interface Wait {
  /** Longest wait; 0 looks once. */
  readonly seconds: number;
  readonly arrivals: Arrivals;
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal;
}

/**
 * The copy, once it has reached a version.
 * @throws PlatformError `unavailable` when it does not in time, or when the process stops.
 */
export async function waitForVersion<State>(
  copies: Projection<State>,
  id: string,
  version: number,
  { seconds, arrivals, stopping }: Wait,
): Promise<Versioned<State>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const left = deadline - Date.now();
    // Listens before it looks, so that a move in between is not missed.
    const moved = left > 0 ? arrivals.next(id, Math.min(left, LOOK_EVERY)) : undefined;
    const copy = await copies.find(id);
    if (copy && copy.version >= version) return copy;
    if (!moved || stopping.aborted) throw unavailable(`version ${version} has not arrived here yet`);
    await moved;
  }
}
