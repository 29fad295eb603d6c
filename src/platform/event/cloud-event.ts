import { randomUUID } from 'node:crypto';
import { requestContext } from '../request-context.js';
import { hashOf } from './hash-chain.js';

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

/** An event as it is written: with its hash. */
export type HashedEvent = CloudEvent & { readonly hash: string };

/** Wraps a domain event for the log. Trace and actor are those of the request being served. */
export function toCloudEvent(stream: EventStream, event: DomainEvent, of: Place): HashedEvent {
  const type = `${stream.typePrefix}.${event.type}`;
  const context = requestContext();
  const unhashed = {
    specversion: '1.0' as const,
    id: randomUUID(),
    source: stream.source,
    type,
    subject: of.id,
    time: of.time,
    datacontenttype: 'application/json' as const,
    dataschema: `urn:schema:${type}:v${stream.schemaVersions[event.type] ?? 1}`,
    sequence: String(of.version),
    ...(context && { traceparent: context.traceparent }),
    ...(context?.actor !== undefined && { actor: context.actor }),
    ...(of.prevhash !== undefined && { prevhash: of.prevhash }),
  };
  // The hash comes before what may be long, so that a person who looks at a record sees it.
  return { ...unhashed, hash: hashOf({ ...unhashed, data: event.data }), data: event.data };
}
