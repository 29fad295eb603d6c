import type { Restorable } from '../aggregate/aggregates.js';
import { type EventStream, ownsKeys } from '../event/event-stream.js';
import type { LedgerEntry } from '../privacy/erasure-ledger.js';
import { erasureIn } from '../privacy/erasures.js';

/**
 * Removes personal data of erased persons from aggregates that are not the persons themselves. Unlike a command, it works
 * while the database is behind the log. The reaction to the erasure gives the aggregates new versions later.
 */
export async function forgetErased(
  events: EventStream,
  store: Pick<Restorable, 'forget'>,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const { keys } = events;
  if (keys === undefined || ownsKeys(events)) return;
  await store.forget(entries.flatMap(({ event }) => erasureIn(event, keys)?.person ?? []));
}
