import { boundTo } from '../event/compose-event.js';
import { type CloudEvent, isSealedPart, type SealedPart } from '../event/cloud-event.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { isUnavailable, PlatformError, unavailable } from '../tools/errors.js';
import { type DataKey, isShredded, type StoredKey } from './data-key.js';
import type { KeyRing } from './key-ring.js';
import type { KeySource } from './key-source.js';
import { UnusableKey } from './key-wrapper.js';
import { join, pointerOf, valueAt } from './personal-fields.js';
import { openPart } from './sealed-part.js';

/** An opened event, or the reason why it can never be applied. */
export type Opened = CloudEvent | UnreadableRecord;

/**
 * Opens the sealed parts of events, in order. An event of an erased person is returned without that part, marked as
 * `forgotten`. Events without a sealed part are returned as they are.
 * @throws PlatformError `unavailable` while a person's key or its master key is missing; a reader that treats missing keys
 * as forgotten throws `rejected` without the master key
 */
export type OpenEvents = (events: readonly CloudEvent[]) => Promise<readonly Opened[]>;

/** How the events of a person are read of whom there is neither a key nor an erasure. */
export interface MissingKeys {
  /** Returns the keys of these persons once they have arrived; those still unknown are missing from the result. */
  find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>>;
  /** Treats the events of persons whose key is unknown as forgotten, as a replay does, instead of waiting. */
  readonly areForgotten?: boolean;
}

interface SealedEvent {
  readonly event: CloudEvent;
  readonly part: SealedPart;
  readonly person: string;
}

/** Returns a function that opens events with the keys of a source. */
export function openEventsWith(ring: KeyRing, source: KeySource, missing: MissingKeys): OpenEvents {
  return async (events) => {
    const sealed = events.map(sealedOf);
    const all = sealed.flatMap((each) => (each && 'person' in each ? [each] : []));
    /** By person, of those who were looked up. */
    const keys = new Map<string, StoredKey | undefined>();
    let recent = recentOf(ring, all, keys);
    // A key that was in memory may be dropped while others are looked up.
    for (let persons = missingIn(all, keys, recent); persons.length > 0; persons = missingIn(all, keys, recent)) {
      const found = new Map(await source.find(persons));
      const unknown = persons.filter((person) => !found.has(person));
      if (unknown.length > 0) for (const [person, key] of await missing.find(unknown)) found.set(person, key);
      for (const person of persons) keys.set(person, found.get(person));
      recent = recentOf(ring, all, keys);
    }
    return events.map((event, index) => {
      const each = sealed[index];
      if (!each || !('person' in each)) return toOpened(event, each);
      const known = recent.get(each);
      if (known) return openWith(each, known);
      const key = keys.get(each.person);
      if (key === undefined && missing.areForgotten !== true) {
        throw unavailable('the key of a person is not here yet, and the person is not erased');
      }
      return openIfUsable(ring, each, key, missing.areForgotten !== true);
    });
  };
}

/** Returns the keys that are in memory, by event. Held, because opening other events may drop them from there. */
function recentOf(
  ring: KeyRing,
  events: readonly SealedEvent[],
  lookedUp: ReadonlyMap<string, unknown>,
): ReadonlyMap<SealedEvent, DataKey> {
  return new Map(
    events.flatMap((each): [SealedEvent, DataKey][] => {
      const key = lookedUp.has(each.person) ? undefined : ring.recent(each.person, each.part.kid);
      return key ? [[each, key]] : [];
    }),
  );
}

/** Returns the persons whose keys are neither in memory nor looked up. */
function missingIn(
  events: readonly SealedEvent[],
  lookedUp: ReadonlyMap<string, unknown>,
  recent: ReadonlyMap<SealedEvent, unknown>,
): readonly string[] {
  const missing = events.filter((each) => !lookedUp.has(each.person) && !recent.has(each));
  return [...new Set(missing.map(({ person }) => person))];
}

function toOpened(event: CloudEvent, problem: SealedEvent | UnreadableRecord | undefined): Opened {
  return problem instanceof UnreadableRecord ? problem : event;
}

/** Returns the sealed part of an event and its person; undefined when it has none. */
function sealedOf(event: CloudEvent): SealedEvent | UnreadableRecord | undefined {
  const { data, subject } = event as CloudEvent<{ readonly sealed?: unknown } | null | undefined>;
  const part = data?.sealed;
  if (part === undefined) return undefined;
  if (!isSealedPart(part)) return new UnreadableRecord('data/sealed is not a sealed part');
  const person = part.person === undefined ? subject : valueAt(data, pointerOf(part.person).tokens);
  if (typeof person !== 'string') return new UnreadableRecord('data/sealed does not say of which person it is');
  return { event, part, person };
}

function openIfUsable(ring: KeyRing, sealed: SealedEvent, key: StoredKey | undefined, isWaiting: boolean): Opened {
  const { event, part, person } = sealed;
  if (key === undefined || isShredded(key)) {
    ring.drop(person);
    return { ...event, data: withoutPart(event), sealed: part, forgotten: true };
  }
  try {
    return openWith(sealed, ring.open(person, key));
  } catch (error) {
    // The event is not at fault, and its key may be repaired; a replay names it instead of waiting.
    if (error instanceof UnusableKey && !isWaiting) return new UnreadableRecord(error.message);
    if (error instanceof UnusableKey) throw unavailable(error.message, error);
    // Nor can a replay wait until someone adds a master key.
    if (isUnavailable(error) && !isWaiting)
      throw new PlatformError('rejected', 'no-master-key', (error as Error).message);
    throw error;
  }
}

function openWith({ event, part }: SealedEvent, key: DataKey): Opened {
  try {
    const content = openPart(key, part, boundToOf(event));
    const data = join(withoutPart(event), content as Readonly<Record<string, unknown>>);
    const opened = { ...event, data, sealed: part };
    return event.formerdata === undefined ? opened : { ...opened, formerly: openFormer(event, part, key) };
  } catch (error) {
    if (error instanceof UnreadableRecord) return error;
    throw error;
  }
}

function boundToOf({ subject: id, sequence, type, dataschema }: CloudEvent): string {
  return boundTo({ id, version: Number(sequence) }, type, dataschema);
}

/** Returns the name to which the former data of a copy is bound: it cannot take the place of the sealed part. */
export function formerlyBoundTo(event: CloudEvent): string {
  return `${boundToOf(event)}|formerdata`;
}

/** Nobody needs it to apply the event, so one that was altered is left to `verify`. */
function openFormer(event: CloudEvent, part: SealedPart, key: DataKey): unknown {
  try {
    return openPart(key, { ...part, box: String(event.formerdata) }, formerlyBoundTo(event));
  } catch (error) {
    if (error instanceof UnreadableRecord) return undefined;
    throw error;
  }
}

function withoutPart({ data }: CloudEvent): object {
  const { sealed: _, ...clear } = data as { readonly sealed: unknown };
  return clear;
}
