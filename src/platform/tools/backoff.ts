import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds to wait before the next try: doubling from 100 ms to 5 s, shortened at random by up to a half. */
export function backoffDelay(failures: number): number {
  const longest = Math.min(100 * 2 ** Math.min(failures - 1, 10), 5_000);
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Tries until it succeeds, for as long as it takes.
 * @throws the reason of `signal` once that is aborted.
 */
export async function retryUntilDone<T>(
  attempt: () => Promise<T>,
  { signal, onFailure }: { signal: AbortSignal; onFailure?: (error: unknown, failures: number) => void },
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      onFailure?.(error, failures);
    }
    await sleep(backoffDelay(failures), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
