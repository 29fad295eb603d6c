import { canonicalJson, digestOf } from '../event/hash-chain.js';
import { dataschemaOf } from '../event/cloud-event.js';
import { personalFieldsOf, split } from '../privacy/personal-fields.js';
import type { EventStream } from '../event/event-stream.js';
import type { HistoryEntry } from '../views/history.js';

/** The known parts of an event: its history entry, the state that it led to, and the hash of its predecessor. */
export interface EventParts {
  readonly entry: HistoryEntry;
  readonly state: unknown;
  readonly prevhash: string | undefined;
}

/**
 * Reconstructs the original event as the JSON to publish; undefined when the result does not match the event's hash.
 */
export function reconstructEvent(
  { source, typePrefix, member, schemaVersions, schemas }: EventStream,
  { entry, state, prevhash }: EventParts,
): string | undefined {
  const {
    type,
    hash,
    id: subject,
    version,
    time,
    eventId: id,
    actor,
    changed,
    extensions,
    sealed,
    schemaVersion,
  } = entry;
  if (hash === undefined || state === undefined) return undefined;
  const dataschema = dataschemaOf(type, schemaVersion ?? schemaVersions[type.slice(typePrefix.length + 1)] ?? 1);
  const fields = sealed && personalFieldsOf(schemas, dataschema);
  const data = { [member]: state, changed };
  const canonical = canonicalJson({
    specversion: '1.0',
    ...{ id, source, type, subject, time },
    datacontenttype: 'application/json',
    dataschema,
    sequence: String(version),
    ...{ actor, prevhash },
    ...extensions,
    data: fields ? { ...split(data, fields).clear, sealed } : data,
  });
  return digestOf(canonical) === hash ? `{"hash":"${hash}",${canonical.slice(1)}` : undefined;
}
