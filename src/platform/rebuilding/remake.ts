import { canonicalJson, digestOf } from '../event/hash-chain.js';
import { dataschemaOf } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import type { HistoryEntry } from '../views/history.js';

/** What is known of an event: its entry in the history, the state that it led to, and the hash of the one before it. */
export interface Known {
  readonly entry: HistoryEntry;
  readonly state: unknown;
  readonly prevhash: string | undefined;
}

/**
 * The event as it was, as the text that is published; undefined where what is known of it makes another one, which its
 * hash shows.
 */
export function remake(
  { source, typePrefix, member, schemaVersions }: EventStream,
  { entry, state, prevhash }: Known,
): string | undefined {
  const { type, hash, id: subject, version, time, eventId: id, actor, changed, extensions } = entry;
  if (hash === undefined || state === undefined) return undefined;
  const canonical = canonicalJson({
    specversion: '1.0',
    ...{ id, source, type, subject, time },
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(type, schemaVersions[type.slice(typePrefix.length + 1)] ?? 1),
    sequence: String(version),
    ...{ actor, prevhash },
    ...extensions,
    data: { [member]: state, changed },
  });
  return digestOf(canonical) === hash ? `{"hash":"${hash}",${canonical.slice(1)}` : undefined;
}
