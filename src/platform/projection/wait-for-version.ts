import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from '../errors.js';
import type { Versioned } from './projection.js';

/** Milliseconds between two looks. The copy may be moved by another instance, so there is nobody to be told by. */
const LOOK_EVERY = 20;

/**
 * The copy, once it has reached a version.
 * @param seconds longest wait; 0 looks once
 * @throws PlatformError `unavailable` when it does not in time, or when the process stops.
 */
export async function waitForVersion<State>(
  find: () => Promise<Versioned<State> | undefined>,
  version: number,
  seconds: number,
  stopping: AbortSignal,
): Promise<Versioned<State>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const copy = await find();
    if (copy && copy.version >= version) return copy;
    if (Date.now() >= deadline || stopping.aborted) throw unavailable(`version ${version} has not arrived here yet`);
    await sleep(LOOK_EVERY);
  }
}
