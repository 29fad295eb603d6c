import { CLOUD_EVENT_CONTENT_TYPE } from '../../event/cloud-event.js';
import { SCHEMA_ID_HEADER } from '../../event/event-record.js';
import type { MessageSchema } from '../../event/message-schemas.js';

const hash = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const text = { type: 'string', minLength: 1 };

/** The envelope of every message: a CloudEvent 1.0 in the JSON format, with this system's extensions. */
export const CLOUD_EVENT_SCHEMA = {
  title: 'CloudEvent',
  description: 'A CloudEvent 1.0 in structured mode: the value of the record is the whole event, including `data`.',
  type: 'object',
  required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'sequence', 'data'],
  properties: {
    specversion: { const: '1.0' },
    id: { ...text, format: 'uuid', description: 'Id of the event; a redelivery has the same id.' },
    source: { ...text, description: 'The context that published the event.' },
    type: text,
    subject: { ...text, description: 'Id of the changed aggregate; also the key of the record.' },
    time: { ...text, format: 'date-time', description: 'Time of the change.' },
    datacontenttype: { const: 'application/json' },
    dataschema: { ...text, description: 'The type and its major schema version: `urn:schema:<type>:v<major>`.' },
    sequence: {
      type: 'string',
      pattern: '^[1-9][0-9]{0,14}$',
      description: 'Extension: version of the aggregate: 1, 2, 3 ... without gaps.',
    },
    traceparent: {
      type: 'string',
      pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
      description: 'Extension: W3C Trace Context of the request that caused the event.',
    },
    actor: { ...text, description: 'Extension: the caller, as the `sub` claim of the token, if the request had one.' },
    causationid: { ...text, description: 'Extension: id of the event that caused this one, if any.' },
    prevhash: {
      ...hash,
      description: "Extension: hash of the aggregate's previous event; absent in its first event.",
    },
    hash: {
      ...hash,
      description: 'Extension: SHA-256 of the canonical form (RFC 8785) of the whole event except `hash`.',
    },
    formerhash: {
      ...hash,
      description:
        'Extension: in a copy in another generation of the topic, the hash that the event was published with.',
    },
    formerprevhash: { ...hash, description: 'Extension: in such a copy, `prevhash` of the event as it was published.' },
    formerschema: {
      ...text,
      description:
        'Extension: in such a copy, `dataschema` of the event as it was published, if its personal part was in clear text then.',
    },
    formerdata: {
      ...text,
      contentEncoding: 'base64',
      description:
        'Extension: in such a copy, `data` of the event as it was published, sealed, unless the opened data is the same.',
    },
    republished: {
      const: 'true',
      description: 'Extension: the event repeats the newest state, in place of earlier events that the log has lost.',
    },
    resolves: {
      type: 'string',
      pattern: '^[0-9a-f]{64}( [0-9a-f]{64})*$',
      description: 'Extension: hashes of the newest events of conflicting branches. This event replaces them.',
    },
    data: { type: 'object', description: 'The whole state after the change, and the changed fields.' },
  },
} as const;

const { specversion, id, source, subject, time, sequence, traceparent } = CLOUD_EVENT_SCHEMA.properties;

/**
 * Returns the headers of an event's record. Older records have only `content-type`; those of restored events have
 * `republished`, too.
 */
export function eventHeaders(type: string, dataschema: string): object {
  return {
    type: 'object',
    required: ['content-type'],
    properties: {
      'content-type': { const: CLOUD_EVENT_CONTENT_TYPE },
      ce_specversion: specversion,
      ce_id: id,
      ce_source: source,
      ce_type: { const: type },
      ce_subject: subject,
      ce_time: time,
      ce_dataschema: { const: dataschema },
      ce_sequence: sequence,
      traceparent,
      republished: { const: 'true', description: 'The event was restored: it may be later in the log than it was.' },
      [SCHEMA_ID_HEADER]: {
        description:
          'Bytes: 1, then the GUID of the schema of the value in the schema registry. Present if a registry is configured.',
      },
    },
  };
}

/** Headers that a dead letter has in addition to those of the original record. */
export const DEAD_LETTER_HEADERS = {
  type: 'object',
  required: ['dlt-topic', 'dlt-partition', 'dlt-offset', 'dlt-group', 'dlt-error', 'dlt-attempts', 'dlt-time'],
  properties: {
    'dlt-topic': { ...text, description: 'Topic of the original record.' },
    'dlt-partition': { type: 'string', pattern: '^[0-9]+$', description: 'Partition of the original record.' },
    'dlt-offset': { type: 'string', pattern: '^[0-9]+$', description: 'Offset of the original record.' },
    'dlt-group': { ...text, description: 'The consumer group that could not apply the record.' },
    'dlt-error': { ...text, description: 'The reason; it quotes nothing from the record.' },
    'dlt-attempts': { type: 'string', pattern: '^[0-9]+$', description: 'Number of attempts to apply the record.' },
    'dlt-time': { ...text, format: 'date-time', description: 'Time of the dead letter.' },
    'dlt-value-omitted': {
      type: 'string',
      pattern: '^[0-9]+$',
      description:
        'Present if the record is too large for a dead letter: length of the value, still in the original record.',
    },
  },
} as const;

/** Returns the message type of a data schema; undefined for a schema that only others refer to. */
export function typeOf(dataschema: string): string | undefined {
  return /^urn:schema:(.+\..+\..+):v\d+$/.exec(dataschema)?.[1];
}

/** Returns the name of a schema among the components of a document. */
export function componentName(dataschema: string): string {
  return dataschema.replace(/^urn:schema:/, '').replace(/:v(?=\d+$)/, '.v');
}

/**
 * Returns a schema file as a component. AsyncAPI tools resolve a `$ref` as the address of a file, so it must point into
 * the document; an `$id` would make it point outside again.
 */
export function toComponent({ $id: _id, $schema: _dialect, ...schema }: MessageSchema): object {
  return withLocalReferences(schema) as object;
}

function withLocalReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLocalReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) =>
      name === '$ref' ? [name, schemaReference(String(member))] : [name, withLocalReferences(member)],
    ),
  );
}

/** Returns the `$ref` of a schema in the document. */
export function schemaReference(dataschema: string): string {
  return `#/components/schemas/${componentName(dataschema)}`;
}
