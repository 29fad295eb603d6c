import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Returns the delay before the next attempt in milliseconds: doubling from 100 ms to 5 s, reduced at random by up to
 * half.
 */
export function backoffDelay(failures: number): number {
  const longest = Math.min(100 * 2 ** Math.min(failures - 1, 10), 5_000);
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Retries until it succeeds, without a limit.
 * @throws the reason of `signal` once that is aborted
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
