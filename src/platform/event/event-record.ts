import type { BusRecord, Headers } from '../log/bus.js';
import { CLOUD_EVENT_CONTENT_TYPE, type CloudEvent } from './cloud-event.js';

/** Returns the value of the header that names a schema in a schema registry; undefined while it is not known. */
export type SchemaIdOf = (dataschema: string) => Buffer | undefined;

/** The header by which clients of Confluent's schema registry find the schema of a record's value. */
export const SCHEMA_ID_HEADER = '__value_schema_id';

/** The header that repeats the name of the schema. */
export const DATASCHEMA_HEADER = 'ce_dataschema';

const CANONICAL = '{"hash":"';
const AFTER_DATA = ',"datacontenttype":"';

/**
 * Returns the record of an event: a CloudEvent in structured mode. Its headers repeat the attributes that consumers
 * route and filter by, so that they need not parse the value. The caller (`actor`) is not one of them.
 * @param json the event as it was serialized, which is the value
 */
export function toEventRecord(id: string, json: string, schemaIdOf?: SchemaIdOf): BusRecord {
  const event = attributesOf(json);
  const schemaId = schemaIdOf?.(event.dataschema);
  return {
    key: Buffer.from(id),
    value: Buffer.from(json),
    headers: {
      'content-type': CLOUD_EVENT_CONTENT_TYPE,
      ce_specversion: event.specversion,
      ce_id: event.id,
      ce_source: event.source,
      ce_type: event.type,
      ce_subject: event.subject,
      ce_time: event.time,
      [DATASCHEMA_HEADER]: event.dataschema,
      ce_sequence: event.sequence,
      ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
      ...(schemaId && { [SCHEMA_ID_HEADER]: schemaId }),
    },
  };
}

/**
 * Parses at least the attributes that become headers. In canonical form, members are sorted, so that all of these follow
 * `data`, which is most of the text. A quote within a text is escaped, so that no text contains the delimiter.
 */
function attributesOf(json: string): CloudEvent {
  const start = json.startsWith(CANONICAL) ? json.lastIndexOf(AFTER_DATA) : -1;
  return JSON.parse(start < 0 ? json : `{${json.slice(start + 1)}`) as CloudEvent;
}

/**
 * Returns the names of the headers that contradict the event. A record may lack any of them (older ones have none), and
 * repeat more attributes.
 */
export function contradictingHeaders(event: CloudEvent, headers: Headers): string[] {
  const attributes = event as unknown as Headers;
  return Object.keys(headers).filter((name) => {
    const attribute = attributeOf(name);
    return attribute !== undefined && headers[name] !== attributes[attribute];
  });
}

function attributeOf(header: string): string | undefined {
  return header === 'traceparent' ? header : /^ce_([a-z0-9]+)$/.exec(header)?.[1];
}
