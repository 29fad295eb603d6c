import { unavailable } from './errors.js';

export interface BatchLimits {
  /** Most items in one flush. */
  readonly maxBatch: number;
  /** Most waiting items; further ones are rejected, so that memory stays bounded. */
  readonly maxWaiting: number;
  /** Most concurrent flushes (default: 1). */
  readonly maxFlushes?: number;
  /** Milliseconds until a call fails, while it waits or is being flushed (default: no limit). */
  readonly timeoutMs?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const EXPIRY_INTERVAL_MS = 250;

/**
 * Group commit: calls made in the same turn of the event loop, or while the maximum number of flushes is running, are
 * flushed together, and each gets its own result. A single call is not delayed.
 *
 * `flush` returns one result for each item, in order. If it throws, all its calls fail with that error.
 * @throws PlatformError `unavailable` above `maxWaiting` or after `timeoutMs`; an item in a flush may still be written
 */
export function batched<Item, Result>(
  { maxBatch, maxWaiting, maxFlushes = 1, timeoutMs = Infinity }: BatchLimits,
  flush: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  /** Flushes that are running or scheduled. */
  let flushes = 0;
  const underWay = new Set<readonly Waiting<Item, Result>[]>();
  let expiry: NodeJS.Timeout | undefined;

  /** One check of all items costs less than a timer for each. */
  function expire(): void {
    const limit = performance.now() - timeoutMs;
    const expired = [waiting, ...underWay].flatMap((calls) => calls.filter(({ since }) => since <= limit));
    if (expired.length > 0) waiting = waiting.filter(({ since }) => since > limit);
    for (const { reject } of expired) reject(unavailable('the store does not answer in time'));
    if (waiting.length > 0 || underWay.size > 0) return;
    clearInterval(expiry);
    expiry = undefined;
  }

  async function flushWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      underWay.add(batch);
      try {
        const results = await flush(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      } finally {
        underWay.delete(batch);
      }
    }
    flushes -= 1;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= maxWaiting) {
        reject(unavailable('too many writes are waiting'));
        return;
      }
      waiting.push({ item, since: performance.now(), resolve, reject });
      if (timeoutMs !== Infinity) expiry ??= setInterval(expire, EXPIRY_INTERVAL_MS).unref();
      // A scheduled flush takes all items that arrive before it starts.
      if (flushes === maxFlushes || (flushes > 0 && waiting.length > 1)) return;
      flushes += 1;
      setImmediate(() => void flushWaiting());
    });
}
