import { changedPointers } from '../event/changed-pointers.js';
import { type CloudEvent, dataschemaOf, type DomainEvent } from '../event/cloud-event.js';
import { type EventStream, ownsKeys } from '../event/event-stream.js';
import { composeEvent, type SealData } from '../event/compose-event.js';
import type { StoredKey } from '../privacy/data-key.js';
import { type PersonalFields, personalFieldsOf, sealData, valueAt } from '../privacy/personal-fields.js';
import { KeyDestroyed, type SealingKey, type SealingKeys } from '../privacy/sealing-keys.js';
import { endOfTurn } from '../tools/end-of-turn.js';
import { type Aggregate, type Change, type Head, type PendingEvent, VersionConflict } from './aggregates.js';

/** The JSON Pointer of the whole state. */
const ALL = [''];

/** Returns the JSON Pointers of the differences between two states, except members that every change sets. */
export function changesIn(before: Aggregate | undefined, after: Aggregate): string[] {
  return changedPointers(before ? contentOf(before) : {}, contentOf(after));
}

function contentOf({ id: _i, version: _v, createdAt: _c, updatedAt: _u, erased: _e, ...content }: Aggregate): object {
  return content;
}

/** The aggregate before a change, as far as the event of the change depends on it. */
export interface Predecessor {
  readonly state?: Aggregate;
  readonly hash?: string | undefined;
  readonly key?: StoredKey;
}

/** A pending event, its hash, and the person's key if the change sets it. */
export interface ComposedChange {
  readonly entry: PendingEvent;
  readonly hash: string;
  readonly key?: StoredKey;
}

/**
 * Creates the pending event of a change, with the whole state and the pointers of its differences from the one before.
 * Its personal part is sealed, if there are keys for that.
 * @throws ContractViolation when the event is invalid against its schema
 * @throws VersionConflict when the person was erased meanwhile
 */
export async function sealedChange(
  stream: EventStream,
  before: Predecessor | undefined,
  change: Change,
  keys: SealingKeys | undefined,
): Promise<ComposedChange> {
  const person = keys && personIn(stream, change);
  if (person === undefined) return composeChange(stream, before, change);
  await endOfTurn();
  try {
    return composeChange(stream, before, change, await keys?.keyFor(person, before?.key));
  } catch (error) {
    // The next attempt decides on the erased person.
    throw error instanceof KeyDestroyed ? new VersionConflict(change.state.id) : error;
  }
}

/** Like {@link sealedChange}, with this key; without a key the whole event is clear text. */
export function composeChange(
  stream: EventStream,
  before: Predecessor | undefined,
  change: Change,
  { key, made }: SealingKey = {},
): ComposedChange {
  const { type, state, restates } = change;
  const changed = restates ? ALL : changesIn(before?.state, state);
  const event = { type, data: { [stream.member]: state, changed }, ...(restates && { extensions: restates }) };
  const fields = key && fieldsOf(stream, type);
  const seal: SealData | undefined =
    key && fields && ((data, _dataschema, boundTo) => sealData({ data, fields, key, boundTo, id: state.id }));
  const { entry, hash } = toPending(stream, event, state, before?.hash, seal);
  const stored = ownsKeys(stream) && change.forgets ? shreddedWith(state) : made;
  return { hash, entry: { ...entry, ...(stored && { key: stored }) }, ...(stored && { key: stored }) };
}

/** Returns what remains of the key of an erased person. */
export function shreddedWith({ updatedAt: shreddedAt }: Aggregate): StoredKey {
  return { shreddedAt };
}

/** Returns the person whom the event of a change describes; undefined if it has no personal part. */
function personIn(stream: EventStream, { type, state }: Change): string | undefined {
  const fields = fieldsOf(stream, type);
  const data = { [stream.member]: state };
  if (!fields?.members.some(({ tokens }) => valueAt(data, tokens) !== undefined)) return undefined;
  const person = valueAt(data, fields.person.tokens);
  return typeof person === 'string' ? person : undefined;
}

const known = new WeakMap<EventStream, Map<string, PersonalFields | undefined>>();

/** Returns the personal members of a type of events. */
function fieldsOf(stream: EventStream, type: string): PersonalFields | undefined {
  const found = known.get(stream) ?? new Map<string, PersonalFields | undefined>();
  known.set(stream, found);
  if (!found.has(type)) {
    const { typePrefix, schemaVersions, schemas } = stream;
    found.set(type, personalFieldsOf(schemas, dataschemaOf(`${typePrefix}.${type}`, schemaVersions[type] ?? 1)));
  }
  return found.get(type);
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
  seal?: SealData,
): { readonly entry: PendingEvent; readonly hash: string } {
  const { json, hash } = composeEvent(stream, event, { id, version, time, prevhash }, seal);
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
