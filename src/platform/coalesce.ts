import { unavailable } from './errors.js';

export interface CoalesceLimits {
  /** Most items in one flush. */
  readonly maxBatch: number;
  /** Most items waiting; one more is refused, so that memory stays bounded. */
  readonly maxWaiting: number;
  /** Most flushes at a time; 1 unless given. */
  readonly maxFlushes?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: calls made in the same turn of the event loop, or while as many flushes as may be are under way, go into
 * one flush, and each gets its own result. A lone call waits for no company.
 *
 * `flush` answers one result an item, in order. When it throws, every call in it fails with that error.
 * @throws PlatformError `unavailable` past `maxWaiting`.
 */
export function coalesce<Item, Result>(
  { maxBatch, maxWaiting, maxFlushes = 1 }: CoalesceLimits,
  flush: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  /** Under way, or about to begin. */
  let flushes = 0;

  async function flushWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      try {
        const results = await flush(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
      } catch (error) {
        for (const { reject } of batch) reject(error);
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
      waiting.push({ item, resolve, reject });
      // One that is about to begin takes all that come until then.
      if (flushes === maxFlushes || (flushes > 0 && waiting.length > 1)) return;
      flushes += 1;
      setImmediate(() => void flushWaiting());
    });
}
