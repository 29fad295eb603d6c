import type { PendingEvent, PendingSummary } from '../aggregate/aggregates.js';

/** Returns a summary of an aggregate's pending events; undefined if there are none. */
export function summaryOf(pending: readonly PendingEvent[]): PendingSummary | undefined {
  const [first] = pending;
  return first && { oldest: first.version, bytes: pending.reduce((sum, { json }) => sum + json.length, 0) };
}

/** Returns the number of pending events in an entry of the index of them. */
export function countIn(value: string): number {
  return value === '' ? 1 : Number(value.split(' ')[1]);
}
