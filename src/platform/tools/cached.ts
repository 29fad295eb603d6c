import { withTimeout } from './timeout.js';

/** Milliseconds that an answer is good for, also one that failed. */
const TTL_MS = 1_000;
/** Milliseconds that whoever asks waits for an answer; one that takes longer is there for the next who asks. */
const TIMEOUT_MS = 2_000;

/**
 * Asks a server for what is asked of the process often, and may take long: at most once a second, one at a time. The
 * answer is undefined where the server gave none. Never throws, and never takes longer than two seconds.
 */
export function cached<T>(ask: () => Promise<T>): () => Promise<T | undefined> {
  let asking: Promise<T | undefined> = Promise.resolve(undefined);
  let goodUntil = -Infinity;
  return () => {
    if (performance.now() >= goodUntil) {
      // One at a time, however long it takes.
      goodUntil = Infinity;
      asking = ask()
        .catch(() => undefined)
        .finally(() => (goodUntil = performance.now() + TTL_MS));
    }
    return withTimeout(TIMEOUT_MS, asking).catch(() => undefined);
  };
}
