import { randomUUID } from 'node:crypto';
import { requestContext } from '../tools/request-context.js';
import { canonicalJson, digestOf } from './hash-chain.js';
import { dataschemaOf, type DomainEvent } from './cloud-event.js';
import type { EventStream } from './event-stream.js';
import { compileSchema, holdToSchema } from './message-schemas.js';

/** The position of an event in its aggregate. */
export interface EventPosition {
  readonly id: string;
  readonly version: number;
  /** RFC 3339 */
  readonly time: string;
  /** Hash of the aggregate's previous event, if it has one. */
  readonly prevhash?: string | undefined;
}

/** The text of an event to publish, and its hash. */
export interface ComposedEvent {
  readonly json: string;
  readonly hash: string;
}

/**
 * Creates the CloudEvent of a domain event. Trace, actor and cause are those of the current request, or of the event
 * being reacted to.
 * @throws ContractViolation when the event is invalid against its schema
 */
export function composeEvent(stream: EventStream, event: DomainEvent, of: EventPosition): ComposedEvent {
  const type = `${stream.typePrefix}.${event.type}`;
  const context = requestContext();
  const withoutHash = {
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
    causationid: context?.causationId,
    prevhash: of.prevhash,
    ...event.extensions,
    data: event.data,
  };
  holdToSchema(stream.schemas, withoutHash.dataschema, withoutHash.data);
  const canonical = canonicalJson(withoutHash);
  const hash = digestOf(canonical);
  // The hashed text is published, so that the event is serialized only once.
  return { hash, json: `{"hash":"${hash}",${canonical.slice(1)}` };
}

/**
 * Compiles the schemas of published events, so that the first events do not wait for it.
 * @throws Error when one is missing or cannot be compiled
 */
export function compileSchemasOf({ typePrefix, schemaVersions, schemas }: EventStream): void {
  for (const [type, major] of Object.entries(schemaVersions)) {
    compileSchema(schemas, dataschemaOf(`${typePrefix}.${type}`, major));
  }
}
