/** Delay for each event of the last batch, about the CPU time that an event costs, and the longest delay. */
const LINGER_MS = { forEachEvent: 0.5, atMost: 40 };

/**
 * Returns the milliseconds to wait before the next batch, by the number of events in the last one. Large batches save
 * much work, so they are worth a delay, which makes the next one larger still, up to the maximum under full load. A
 * single event shows that nothing could be saved: the next one is published at once.
 */
export function lingerAfter(events: number): number {
  return Math.min(LINGER_MS.atMost, Math.max(0, events - 1) * LINGER_MS.forEachEvent);
}
