import type { MessageSchema } from '../../event/message-schemas.js';

const hash = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const text = { type: 'string', minLength: 1 };

/** The envelope of every message: a CloudEvent 1.0 in the JSON format, with this system's extensions. */
export const CLOUD_EVENT_SCHEMA = {
  title: 'CloudEvent',
  description: 'A CloudEvent 1.0 in structured mode: the whole event, `data` included, is the value of the record.',
  type: 'object',
  required: ['specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'sequence', 'data'],
  properties: {
    specversion: { const: '1.0' },
    id: { ...text, format: 'uuid', description: 'Of the event; the same when it comes again.' },
    source: { ...text, description: 'The context that published it.' },
    type: text,
    subject: { ...text, description: 'Id of the aggregate that changed; also the key of the record.' },
    time: { ...text, format: 'date-time', description: 'When the change was decided.' },
    datacontenttype: { const: 'application/json' },
    dataschema: { ...text, description: 'The type and its major version: `urn:schema:<type>:v<major>`.' },
    sequence: {
      type: 'string',
      pattern: '^[1-9][0-9]{0,14}$',
      description: "Extension: the aggregate's version, 1, 2, 3 ... with no gap.",
    },
    traceparent: {
      type: 'string',
      pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
      description: 'Extension: the W3C trace of the request that led to the event.',
    },
    actor: { ...text, description: "Extension: the subject of the caller's token, where there was one." },
    causationid: { ...text, description: 'Extension: the id of the event that caused it, where one did.' },
    prevhash: {
      ...hash,
      description: "Extension: the hash of the aggregate's event before this one; not in its first.",
    },
    hash: {
      ...hash,
      description: 'Extension: SHA-256 over the canonical form (RFC 8785) of the event with everything but `hash`.',
    },
    republished: {
      const: 'true',
      description: 'Extension: it says the newest state again, in the place of events that were lost before it.',
    },
    resolves: {
      type: 'string',
      pattern: '^[0-9a-f]{64}( [0-9a-f]{64})*$',
      description: 'Extension: hashes of the newest events on branches that were given up in favour of this one.',
    },
    data: { type: 'object', description: 'The whole state after the change, and what of it changed.' },
  },
} as const;

/** Headers of a dead letter. */
export const DEAD_LETTER_HEADERS = {
  type: 'object',
  required: ['dlt-topic', 'dlt-partition', 'dlt-offset', 'dlt-group', 'dlt-error', 'dlt-attempts', 'dlt-time'],
  properties: {
    'dlt-topic': { ...text, description: 'Where the record was.' },
    'dlt-partition': { type: 'string', pattern: '^[0-9]+$' },
    'dlt-offset': { type: 'string', pattern: '^[0-9]+$' },
    'dlt-group': { ...text, description: 'The consumer group that gave up.' },
    'dlt-error': { ...text, description: 'Why; it quotes nothing of the record.' },
    'dlt-attempts': { type: 'string', pattern: '^[0-9]+$' },
    'dlt-time': { ...text, format: 'date-time' },
    'dlt-value-omitted': {
      type: 'string',
      pattern: '^[0-9]+$',
      description:
        'Only where the record is too large for a letter: the length of its value, which is still where it was.',
    },
  },
} as const;

/** The type of message whose data a schema describes; undefined for a part that others refer to. */
export function typeOf(dataschema: string): string | undefined {
  return /^urn:schema:(.+\..+\..+):v\d+$/.exec(dataschema)?.[1];
}

/** What a schema is called among the components of a document. */
export function componentName(dataschema: string): string {
  return dataschema.replace(/^urn:schema:/, '').replace(/:v(?=\d+$)/, '.v');
}

/**
 * A schema file as a component: tools of AsyncAPI follow a `$ref` as the address of a file, so that it has to point into
 * the document, and an `$id` would point it out again.
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

/** Where the schema of that name is in a document. */
export function schemaReference(dataschema: string): string {
  return `#/components/schemas/${componentName(dataschema)}`;
}
