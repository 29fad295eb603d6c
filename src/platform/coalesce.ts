import { unavailable } from './errors.js';

export interface CoalesceLimits {
  /** Most items in one flush. */
  readonly maxBatch: number;
  /** Most items waiting; one more is refused, so that memory stays bounded. */
  readonly maxWaiting: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: calls made in the same turn of the event loop, or while a flush is under way, go into one flush, and each
 * gets its own result. One flush runs at a time.
 *
 * `flush` answers one result an item, in order. When it throws, every call in it fails with that error.
 * @throws PlatformError `unavailable` past `maxWaiting`.
 */
export function coalesce<Item, Result>(
  limits: CoalesceLimits,
  flush: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let flushes = 0;
  let scheduled = false;
  const MOST = Number(process.env.X_FLUSHES ?? 1);

  async function run(): Promise<void> {
    flushes += 1;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, limits.maxBatch);
      waiting = waiting.slice(limits.maxBatch);
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
      if (waiting.length >= limits.maxWaiting) {
        reject(unavailable('too many writes are waiting'));
        return;
      }
      waiting.push({ item, resolve, reject });
      if (flushes >= MOST || scheduled) return;
      scheduled = true;
      const go = () => {
        scheduled = false;
        void run();
      };
      if (process.env.X_NOW) go();
      else setImmediate(go);
    });
}
