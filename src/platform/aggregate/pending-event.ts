import { changedPointers } from '../event/changed-pointers.js';
import type { CloudEvent, DomainEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { sealEvent } from '../event/seal-event.js';
import type { Aggregate, Change, Head, PendingEvent } from './aggregates.js';

/** The JSON Pointer of the whole. */
const ALL = [''];

/** JSON Pointers of what differs between two states of an aggregate, beside what every change sets. */
export function changesIn(before: Aggregate | undefined, after: Aggregate): string[] {
  return changedPointers(before ? contentOf(before) : {}, contentOf(after));
}

function contentOf({ id: _i, version: _v, createdAt: _c, updatedAt: _u, erased: _e, ...content }: Aggregate): object {
  return content;
}

/**
 * The event of a change, as it waits to be published: with the whole state, and what differs from the state before it.
 * @throws ContractViolation when it is not as its schema has it
 */
export function sealChange(
  stream: EventStream,
  before: { readonly state?: Aggregate; readonly hash?: string | undefined } | undefined,
  { type, state, restates }: Change,
): { readonly entry: PendingEvent; readonly hash: string } {
  const changed = restates ? ALL : changesIn(before?.state, state);
  const event = { type, data: { [stream.member]: state, changed }, ...(restates && { extensions: restates }) };
  return toPending(stream, event, state, before?.hash);
}

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
