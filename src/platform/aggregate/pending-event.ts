import { type CloudEvent, type DomainEvent, type EventStream, sealEvent } from '../event/cloud-event.js';
import type { Aggregate, Head, PendingEvent } from './aggregates.js';

/**
 * An event as it waits to be published, and its hash, which the aggregate's next event has to name. It is made into text
 * once, for the hash, the store and the log.
 * @param prevhash of the aggregate's event before it
 */
export function toPending(
  stream: EventStream,
  event: DomainEvent,
  { id, version, updatedAt: time }: Aggregate,
  prevhash: string | undefined,
): { readonly entry: PendingEvent; readonly hash: string } {
  const { json, hash } = sealEvent(stream, event, { id, version, time, prevhash });
  return { entry: { version, time, json }, hash };
}

/** The event that waits. */
export function eventOf({ json }: PendingEvent): CloudEvent {
  return JSON.parse(json) as CloudEvent;
}

/** The oldest of the events that wait, as {@link Head} has it. */
export function oldestPendingOf(pending: readonly PendingEvent[]): Pick<Head, 'oldestPending'> {
  const [oldest] = pending;
  if (!oldest) return {};
  const { hash, prevhash } = eventOf(oldest);
  const hashes = { ...(hash !== undefined && { hash }), ...(prevhash !== undefined && { prevhash }) };
  return { oldestPending: { version: oldest.version, ...hashes } };
}
