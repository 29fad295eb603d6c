import type { LoggedRecord } from '../log/bus.js';
import type { Lease } from '../log/lease.js';

/** What remains of a delivery when its handler returns early: resolves once the effect of its records is stored. */
export interface StoredLater {
  readonly stored: Promise<void>;
}

/** Handles records as a `RecordHandler` does, but may return before their effect is stored. */
export type EarlyHandler = (records: readonly LoggedRecord[], lease: Lease) => Promise<StoredLater | void>;

/**
 * Lets a handler return while it stores, so that the next records are fetched meanwhile. Of each partition, one delivery
 * at a time is not stored yet; the next one waits for it, and fails as it failed. Then the handler waits for what it
 * stores, until that succeeds: the bus pauses after a failure that it is told of.
 *
 * Deliver again from the first record whose effect was not stored, and those after it.
 */
export function storeLater(handle: (records: readonly LoggedRecord[], lease: Lease) => Promise<void>): EarlyHandler {
  /** By partition: rejects when the newest delivery was not stored. */
  const storing = new Map<number, Promise<void>>();
  const failed = new Set<number>();
  return async (records, lease) => {
    const { partition } = records[0] as LoggedRecord;
    await storing.get(partition);
    const stored = handle(records, lease)
      .then(
        () => void failed.delete(partition),
        (error: unknown) => {
          failed.add(partition);
          throw error;
        },
      )
      .finally(() => storing.delete(partition));
    if (failed.has(partition)) return stored;
    storing.set(partition, stored);
    return { stored };
  };
}
