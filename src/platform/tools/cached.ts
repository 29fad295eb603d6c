import { withTimeout } from './timeout.js';

/** Default lifetime of a result, also of a failure. */
const TTL_MS = 1_000;
/** Time that a caller waits. A result that takes longer is available to the next caller. */
const TIMEOUT_MS = 2_000;

/**
 * Caches the result of a slow request that is needed often: at most one request a second (or `ttlMs`), one at a time. The result is
 * undefined after a failure. The returned function never throws, and never takes longer than two seconds.
 */
export function cached<T>(ask: () => Promise<T>, ttlMs = TTL_MS): () => Promise<T | undefined> {
  let asking: Promise<T | undefined> = Promise.resolve(undefined);
  let goodUntil = -Infinity;
  return () => {
    if (performance.now() >= goodUntil) {
      // One request at a time, however long it takes.
      goodUntil = Infinity;
      asking = ask()
        .catch(() => undefined)
        .finally(() => (goodUntil = performance.now() + ttlMs));
    }
    return withTimeout(TIMEOUT_MS, asking).catch(() => undefined);
  };
}
