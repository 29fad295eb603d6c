import { randomUUID } from 'node:crypto';
import { requestContext } from '../tools/request-context.js';
import { canonicalJson, digestOf } from './hash-chain.js';
import { dataschemaOf, type DomainEvent } from './cloud-event.js';
import type { EventStream } from './event-stream.js';
import { compileSchema, holdToSchema } from './message-schemas.js';

/** Which event of which aggregate it is. */
export interface EventPosition {
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
 * Wraps a domain event for the log. Trace, actor and cause are those of the request being served, or of the event being reacted to.
 * @throws ContractViolation when it is not as its schema has it
 */
export function sealEvent(stream: EventStream, event: DomainEvent, of: EventPosition): SealedEvent {
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
    causationid: context?.causationId,
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
