import { randomUUID } from 'node:crypto';
import { requestContext } from '../request-context.js';
import type { Extensions } from './extensions.js';
import { canonicalJson } from './canonical-json.js';
import { digestOf } from './hash-chain.js';
import type { MessageSchema } from './message-schema.js';
import { compileSchema, holdToSchema } from './strict-check.js';

/** A CloudEvent 1.0 in the JSON format, with the extensions of this system's event contract. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Id of the aggregate that changed. */
  readonly subject: string;
  /** RFC 3339; when the change was decided. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Names the type and its major version: `urn:schema:<type>:v<major>`. */
  readonly dataschema: string;
  /** The aggregate's version as a decimal string: 1, 2, 3 ... with no gap. */
  readonly sequence: string;
  readonly traceparent?: string;
  readonly actor?: string;
  /** The hash of the aggregate's event before this one; not in its first. */
  readonly prevhash?: string;
  /** Of everything else in this event, so that an alteration shows; not in events from before there were hashes. */
  readonly hash?: string;
  readonly data: Data;
}

/** A domain event: what happened, in the past tense, with the whole state after it. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
  /** Attributes that most events do not have. */
  readonly extensions?: Extensions;
}

/** Where the events of one kind of aggregate go, and how they are named there. */
export interface EventStream {
  readonly topic: string;
  /** CloudEvents `source`. */
  readonly source: string;
  /** What goes before a domain event's own type: `accounts.customer` + `.` + `registered`. */
  readonly typePrefix: string;
  /** Major version of the data's schema, per domain event type. */
  readonly schemaVersions: Readonly<Record<string, number>>;
  /** Of the data, in every version that is on the log, and of what they refer to. */
  readonly schemas: readonly MessageSchema[];
}

export const CLOUD_EVENT_CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8';

/** Which event of which aggregate it is. */
export interface Place {
  readonly id: string;
  readonly version: number;
  /** RFC 3339 */
  readonly time: string;
  /** Of the aggregate's event before it, where that has one. */
  readonly prevhash?: string | undefined;
}

/** An event as the text that is published, and the hash in it. */
export interface SealedEvent {
  readonly json: string;
  readonly hash: string;
}

/**
 * Wraps a domain event for the log. Trace and actor are those of the request being served.
 * @throws ContractViolation when it is not as its schema has it
 */
export function sealEvent(stream: EventStream, event: DomainEvent, of: Place): SealedEvent {
  const type = `${stream.typePrefix}.${event.type}`;
  const context = requestContext();
  const unsealed = {
    specversion: '1.0',
    id: randomUUID(),
    source: stream.source,
    type,
    subject: of.id,
    time: of.time,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(type, stream.schemaVersions[event.type] ?? 1),
    sequence: String(of.version),
    traceparent: context?.traceparent,
    actor: context?.actor,
    prevhash: of.prevhash,
    ...event.extensions,
    data: event.data,
  };
  holdToSchema(stream.schemas, unsealed.dataschema, unsealed.data);
  const canonical = canonicalJson(unsealed);
  const hash = digestOf(canonical);
  // What has been hashed is what is published, so it need not be made into text again.
  return { hash, json: `{"hash":"${hash}",${canonical.slice(1)}` };
}

/**
 * Compiles the schemas of what is published today, so that the first events need not wait for it.
 * @throws Error when one is missing or cannot be compiled
 */
export function compileSchemasOf({ typePrefix, schemaVersions, schemas }: EventStream): void {
  for (const [type, major] of Object.entries(schemaVersions)) {
    compileSchema(schemas, dataschemaOf(`${typePrefix}.${type}`, major));
  }
}

/** The name of the schema of a type's data in a major version. */
export function dataschemaOf(type: string, major: number): string {
  return `urn:schema:${type}:v${major}`;
}
