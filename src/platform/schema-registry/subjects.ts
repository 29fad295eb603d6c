import { CLOUD_EVENT_SCHEMA, componentName, typeOf } from '../context/async-api/message-schemas.js';
import type { EventStream } from '../event/event-stream.js';
import type { MessageSchema } from '../event/message-schemas.js';

/** A schema of a stream, and its subject in the registry. */
export interface Subject {
  readonly subject: string;
  /** The `$id` of the schema file: the `dataschema` of its events, for schemas of events. */
  readonly id: string;
  /** JSON Schema, serialized. */
  readonly schema: string;
  /** The `$id` of each schema that this one refers to. */
  readonly references: readonly string[];
}

/**
 * Returns the schemas of a stream for a registry, each after those that it refers to. The schema of a type describes the
 * whole value of a record: the CloudEvent, with its data.
 *
 * Its subject is `<topic>-<type>.v<major>`: what the TopicRecordNameStrategy of Confluent's clients makes of the topic and
 * the schema's title. Each major version has its own, because it breaks with the one before, and the registry compares the
 * versions of a subject. A schema that only others refer to has the subject `<name>.v<major>`.
 */
export function subjectsOf({ topic, schemas }: EventStream): readonly Subject[] {
  const subjects = new Map<string, Subject>();
  const add = (schema: MessageSchema) => {
    if (subjects.has(schema.$id)) return;
    const references = referencesIn(schema).filter((id) => id !== schema.$id);
    for (const each of schemas.filter(({ $id }) => references.includes($id))) add(each);
    const type = typeOf(schema.$id);
    const name = componentName(schema.$id);
    subjects.set(schema.$id, {
      subject: type === undefined ? name : `${topic}-${name}`,
      id: schema.$id,
      schema: JSON.stringify(type === undefined ? schema : valueSchema(type, schema)),
      references,
    });
  };
  schemas.forEach(add);
  return [...subjects.values()];
}

/** Returns the schema of the value of a record. */
function valueSchema(type: string, { $id, $schema, ...data }: MessageSchema): object {
  return {
    ...($schema !== undefined && { $schema }),
    title: componentName($id),
    description: data.description,
    type: 'object',
    required: CLOUD_EVENT_SCHEMA.required,
    properties: {
      ...CLOUD_EVENT_SCHEMA.properties,
      type: { const: type },
      dataschema: { const: $id },
      data,
    },
    // An extension that is described later fits the open part of older versions; the registry would refuse it otherwise.
    additionalProperties: { type: 'string' },
  };
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : referencesIn(member),
  );
  return [...new Set(found)];
}
