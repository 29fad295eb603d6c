import { unavailable } from './errors.js';

export interface BatchLimits {
  /** Most items in one flush. */
  readonly maxBatch: number;
  /** Most items waiting; one more is refused, so that memory stays bounded. */
  readonly maxWaiting: number;
  /** Most flushes at a time; 1 unless given. */
  readonly maxFlushes?: number;
  /** Milliseconds until a call fails, whether it waits or is in a flush; for as long as it takes unless given. */
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
 * Group commit: calls made in the same turn of the event loop, or while as many flushes as may be are under way, go into
 * one flush, and each gets its own result. A lone call waits for no company.
 *
 * `flush` answers one result an item, in order. When it throws, every call in it fails with that error.
 * @throws PlatformError `unavailable` past `maxWaiting` or `timeoutMs`; what was in a flush may be done, or still be done.
 */
export function batched<Item, Result>(
  { maxBatch, maxWaiting, maxFlushes = 1, timeoutMs = Infinity }: BatchLimits,
  flush: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  /** Under way, or about to begin. */
  let flushes = 0;
  const underWay = new Set<readonly Waiting<Item, Result>[]>();
  let expiry: NodeJS.Timeout | undefined;

  /** One look at all of them costs less than a timer for each. */
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
      // One that is about to begin takes all that come until then.
      if (flushes === maxFlushes || (flushes > 0 && waiting.length > 1)) return;
      flushes += 1;
      setImmediate(() => void flushWaiting());
    });
}
