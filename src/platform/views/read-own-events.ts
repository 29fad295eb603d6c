import type { Aggregate } from '../aggregate/aggregates.js';
import type { LoggedRecord } from '../log/bus.js';
import { type CloudEvent, isSealedPart } from '../event/cloud-event.js';
import { originalHashes } from '../event/copied-event.js';
import type { EventStream } from '../event/event-stream.js';
import { extensionsOf } from '../event/extensions.js';
import { majorVersionOf, UnreadableRecord } from '../event/parse-cloud-event.js';
import { tolerantCheck } from '../event/message-schemas.js';
import { refuseUnknown, upcast } from '../event/upcast.js';
import type { HistoryEntry } from './history.js';

/** A version of an aggregate. Its state is undefined only if nobody can know it, because the person was erased. */
export interface StateChange<State = unknown> {
  readonly id: string;
  readonly version: number;
  /** Hash of the event that led to it. */
  readonly hash?: string;
  readonly state?: State;
  /** A store that is being rebuilt is unlikely to have the aggregate. It changes nothing but the speed. */
  readonly isNew?: boolean;
}

/** Reads a context's own events, in every version in the log. */
export interface OwnEvents<State = unknown> {
  /** True for an event whose type is of the stream. */
  readonly isOf: (event: CloudEvent) => boolean;
  /** Reads the state from an event that was opened; undefined for a type not of the stream. @throws UnreadableRecord */
  readonly state: (event: CloudEvent) => StateChange<State> | undefined;
  /**
   * Reads the history entry from an event as it is in the log; undefined for a type not of the stream. A sealed part
   * stays sealed, so no key is needed.
   * @throws UnreadableRecord
   */
  readonly entry: (event: CloudEvent, record: LoggedRecord) => HistoryEntry<State> | undefined;
}

const known = new WeakMap<EventStream, OwnEvents>();

/** Returns how the context that publishes a stream reads its events. */
export function ownEventsOf<State>(stream: EventStream): OwnEvents<State> {
  // Cached: compiling the schemas takes long, and a context is opened more than once.
  const found = known.get(stream) ?? newReaders(stream);
  known.set(stream, found);
  return found as OwnEvents<State>;
}

interface Content {
  readonly state?: unknown;
  readonly changed: readonly string[];
}

function newReaders(stream: EventStream): OwnEvents {
  const { typePrefix, member, schemaVersions, schemas, upcasters = {} } = stream;
  const versions = Object.entries(schemaVersions);
  const newest = new Map(versions.map(([type, major]) => [`${typePrefix}.${type}`, major]));
  const check = tolerantCheck(schemas);
  const fits = (dataschema: string, data: unknown) => {
    try {
      check(dataschema, data);
      return true;
    } catch {
      return false;
    }
  };

  const contentOf = (event: CloudEvent, major: number): Content => {
    const { dataschema, data } = upcast(event, upcasters, major);
    if (event.forgotten && !fits(dataschema, data)) return { changed: changedIn(data) };
    check(dataschema, data);
    const { [member]: state, changed } = data as Record<string, unknown>;
    refuseOtherPlace(event, state, member);
    return { state, changed: changed as string[] };
  };

  return {
    isOf: ({ type }) => newest.has(type),
    state: (event) => {
      const major = newest.get(event.type);
      if (major === undefined) return undefined;
      if (sealedIn(event) !== undefined) throw new Error('a sealed event has to be opened before its state is read');
      const { state } = contentOf(event, major);
      const { hash } = originalHashes(event);
      const place = { id: event.subject, version: Number(event.sequence) };
      return { ...place, ...(hash !== undefined && { hash }), ...(state !== undefined && { state }) };
    },
    entry: (event, record) => {
      const major = newest.get(event.type);
      if (major === undefined) return undefined;
      const sealed = sealedIn(event);
      if (sealed === undefined) return toEntry(event, record, contentOf(event, major));
      if (!isSealedPart(sealed)) throw new UnreadableRecord('data/sealed is not a sealed part');
      const schemaVersion = majorVersionOf(event);
      refuseUnknown(event.type, schemaVersion, major);
      const { [member]: state } = event.data as Record<string, unknown>;
      refuseOtherPlace(event, state, member);
      return { ...toEntry(event, record, { state, changed: changedIn(event.data) }), sealed, schemaVersion };
    },
  };
}

function sealedIn({ data }: CloudEvent): unknown {
  return typeof data === 'object' && data !== null ? (data as { readonly sealed?: unknown }).sealed : undefined;
}

function refuseOtherPlace({ subject, sequence }: CloudEvent, state: unknown, member: string): void {
  const { id, version } = (state ?? {}) as Partial<Aggregate>;
  if (id !== subject || String(version) !== sequence) {
    throw new UnreadableRecord(`subject and sequence are not those of data/${member}`);
  }
}

function changedIn(data: unknown): readonly string[] {
  const { changed } = (data ?? {}) as { readonly changed?: unknown };
  return Array.isArray(changed) ? changed.filter((pointer) => typeof pointer === 'string') : [];
}

function toEntry(event: CloudEvent, { partition, offset }: LoggedRecord, { state, changed }: Content): HistoryEntry {
  const { subject, sequence, type, id, time, actor } = event;
  const { hash } = originalHashes(event);
  const extensions = extensionsOf(event);
  return {
    id: subject,
    version: Number(sequence),
    type,
    eventId: id,
    time,
    changed,
    ...(actor !== undefined && { actor }),
    ...(hash !== undefined && { hash }),
    ...(extensions && { extensions }),
    partition,
    offset,
    ...(state !== undefined && { state }),
  };
}
