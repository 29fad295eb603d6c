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

/**
 * Seals the personal part of an event's data, and returns what is published.
 * @param boundTo names the event, so that the sealed part belongs to no other
 */
export type SealData = (data: object, dataschema: string, boundTo: string) => object;

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
export function composeEvent(
  stream: EventStream,
  event: DomainEvent,
  of: EventPosition,
  seal?: SealData,
): ComposedEvent {
  const type = `${stream.typePrefix}.${event.type}`;
  const context = requestContext();
  const dataschema = dataschemaOf(type, stream.schemaVersions[event.type] ?? 1);
  holdToSchema(stream.schemas, dataschema, event.data);
  const withoutHash = {
    specversion: '1.0',
    id: randomUUID(),
    source: stream.source,
    type,
    subject: of.id,
    time: of.time,
    datacontenttype: 'application/json',
    dataschema,
    sequence: String(of.version),
    traceparent: context?.traceparent,
    actor: context?.actor,
    causationid: context?.causationId,
    prevhash: of.prevhash,
    ...event.extensions,
    data: seal ? seal(event.data, dataschema, boundTo(of, type, dataschema)) : event.data,
  };
  const canonical = canonicalJson(withoutHash);
  const hash = digestOf(canonical);
  // The hashed text is published, so that the event is serialized only once.
  return { hash, json: `{"hash":"${hash}",${canonical.slice(1)}` };
}

/** Returns the name to which the sealed part of an event is bound. */
export function boundTo(
  { id, version }: Pick<EventPosition, 'id' | 'version'>,
  type: string,
  dataschema: string,
): string {
  return `${id}|${version}|${type}|${dataschema}`;
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
