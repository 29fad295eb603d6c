import type { Aggregate } from '../aggregate/aggregates.js';
import type { LoggedRecord } from '../log/bus.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { originalHashes } from '../event/copied-event.js';
import type { EventStream } from '../event/event-stream.js';
import { extensionsOf } from '../event/extensions.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { tolerantCheck } from '../event/message-schemas.js';
import { upcast } from '../event/upcast.js';
import type { RecordedChange } from './history.js';

/**
 * Reads a context's own events for its history; returns undefined for a type that is not of the stream.
 * @throws UnreadableRecord
 */
export type RecordedChangeReader<State> = (
  event: CloudEvent,
  record: LoggedRecord,
) => RecordedChange<State> | undefined;

const readers = new WeakMap<EventStream, RecordedChangeReader<unknown>>();

/** Returns a reader of a stream's events for the context that publishes them, in every version in the log. */
export function recordedChangeReader<State>(stream: EventStream): RecordedChangeReader<State> {
  // Cached: compiling the schemas takes long, and a context is opened more than once.
  const known = readers.get(stream) ?? newReader(stream);
  readers.set(stream, known);
  return known as RecordedChangeReader<State>;
}

function newReader(stream: EventStream): RecordedChangeReader<unknown> {
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
  return (event, record) => {
    const major = newest.get(event.type);
    if (major === undefined) return undefined;
    if (isSealed(event)) throw new Error('a sealed event has to be opened before it is read');
    const { dataschema, data } = upcast(event, upcasters, major);
    if (event.forgotten && !fits(dataschema, data)) return toEntry(event, record, undefined, changedIn(data));
    check(dataschema, data);
    const { [member]: state, changed } = data as Record<string, unknown>;
    const { id, version } = state as Aggregate;
    if (id !== event.subject || String(version) !== event.sequence) {
      throw new UnreadableRecord(`subject and sequence are not those of data/${member}`);
    }
    return toEntry(event, record, state, changed as string[]);
  };
}

function isSealed({ data }: CloudEvent): boolean {
  return typeof data === 'object' && data !== null && 'sealed' in data;
}

function changedIn(data: unknown): readonly string[] {
  const { changed } = (data ?? {}) as { readonly changed?: unknown };
  return Array.isArray(changed) ? changed.filter((pointer) => typeof pointer === 'string') : [];
}

function toEntry<State>(
  event: CloudEvent,
  { partition, offset }: LoggedRecord,
  state: State | undefined,
  changed: readonly string[],
): RecordedChange<State> {
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
    ...(event.sealed && { sealed: event.sealed }),
    ...(state !== undefined && { state }),
  };
}
