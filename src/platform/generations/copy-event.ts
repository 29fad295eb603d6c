import type { BusRecord, Headers } from '../log/bus.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { composeCopy, isAltered, originalHashes } from '../event/copied-event.js';
import { DATASCHEMA_HEADER, SCHEMA_ID_HEADER } from '../event/event-record.js';

/** The copy of a record, and its hashes if it is an event that got another one. */
export interface EventCopy extends Pick<BusRecord, 'value' | 'headers'> {
  readonly original?: string | undefined;
  readonly hash?: string | undefined;
}

/**
 * Copies an event into the chain of the new generation. One that has no hash, or does not match its hash, keeps what it
 * says of its hashes: new ones would hide that.
 * @param content the event as the new generation is to have it
 * @param hashOfCopy returns the hash of the copy of another event, by its original hash
 */
export function copyEvent(
  record: Pick<BusRecord, 'value' | 'headers'>,
  event: CloudEvent,
  content: CloudEvent,
  hashOfCopy: (original: string) => string | undefined,
): EventCopy {
  const headers = headersFor(content, record.headers);
  if (event.hash === undefined || isAltered(event)) {
    return content === event ? record : { value: Buffer.from(JSON.stringify(content)), headers };
  }
  const original = originalHashes(content);
  const prevhash = original.prevhash && (hashOfCopy(original.prevhash) ?? original.prevhash);
  const { json, hash } = composeCopy(content, prevhash);
  return { value: Buffer.from(json), headers, original: original.hash, hash };
}

/** The headers that name the schema of the data have to follow it. */
function headersFor({ dataschema }: CloudEvent, headers: Headers): Headers {
  const named = headers[DATASCHEMA_HEADER];
  if (named === undefined || named === dataschema) return headers;
  const { [SCHEMA_ID_HEADER]: _, ...others } = headers;
  return { ...others, [DATASCHEMA_HEADER]: dataschema };
}
