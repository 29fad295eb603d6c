import { changedPointers } from '../event/changed-pointers.js';
import type { CloudEvent, DomainEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { composeEvent } from '../event/compose-event.js';
import type { Aggregate, Change, Head, PendingEvent } from './aggregates.js';

/** The JSON Pointer of the whole state. */
const ALL = [''];

/** Returns the JSON Pointers of the differences between two states, except members that every change sets. */
export function changesIn(before: Aggregate | undefined, after: Aggregate): string[] {
  return changedPointers(before ? contentOf(before) : {}, contentOf(after));
}

function contentOf({ id: _i, version: _v, createdAt: _c, updatedAt: _u, erased: _e, ...content }: Aggregate): object {
  return content;
}

/**
 * Creates the pending event of a change, with the whole state and the pointers of its differences from the one before.
 * @throws ContractViolation when the event is invalid against its schema
 */
export function composeChange(
  stream: EventStream,
  before: { readonly state?: Aggregate; readonly hash?: string | undefined } | undefined,
  { type, state, restates }: Change,
): { readonly entry: PendingEvent; readonly hash: string } {
  const changed = restates ? ALL : changesIn(before?.state, state);
  const event = { type, data: { [stream.member]: state, changed }, ...(restates && { extensions: restates }) };
  return toPending(stream, event, state, before?.hash);
}

/**
 * Returns a pending event and its hash, which becomes `prevhash` of the aggregate's next event. The event is serialized
 * only once, for the hash, the store and the log.
 * @param prevhash hash of the aggregate's previous event
 */
export function toPending(
  stream: EventStream,
  event: DomainEvent,
  { id, version, updatedAt: time }: Aggregate,
  prevhash: string | undefined,
): { readonly entry: PendingEvent; readonly hash: string } {
  const { json, hash } = composeEvent(stream, event, { id, version, time, prevhash });
  return { entry: { version, time, json }, hash };
}

/** Parses a pending event. */
export function eventOf({ json }: PendingEvent): CloudEvent {
  return JSON.parse(json) as CloudEvent;
}

/** Returns the oldest pending event in the form that {@link Head} needs. */
export function oldestPendingOf(pending: readonly PendingEvent[]): Pick<Head, 'oldestPending'> {
  const [oldest] = pending;
  if (!oldest) return {};
  const { hash, prevhash } = eventOf(oldest);
  const hashes = { ...(hash !== undefined && { hash }), ...(prevhash !== undefined && { prevhash }) };
  return { oldestPending: { version: oldest.version, ...hashes } };
}
