import type { Extensions } from './extensions.js';

/** A CloudEvent 1.0 in the JSON format, with the extensions of this system's event contract. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Id of the aggregate that changed. */
  readonly subject: string;
  /** RFC 3339; time of the decision. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** The type and its major version: `urn:schema:<type>:v<major>`. */
  readonly dataschema: string;
  /** The aggregate's version as a decimal string: 1, 2, 3 ... without gaps. */
  readonly sequence: string;
  readonly traceparent?: string;
  readonly actor?: string;
  /** Id of the event that caused it, if any. */
  readonly causationid?: string;
  /** Hash of the aggregate's previous event; undefined in the first. */
  readonly prevhash?: string;
  /** Hash of the rest of this event, to detect alterations; undefined in events older than the hash chain. */
  readonly hash?: string;
  /** Of a copy in another generation of the topic: `hash` and `prevhash` of the event as it was first published. */
  readonly formerhash?: string;
  readonly formerprevhash?: string;
  /** Of a copy whose personal part was sealed on the way: `dataschema` of the event as it was first published. */
  readonly formerschema?: string;
  /**
   * Of such a copy: the data as it was first published, as a box like that of the sealed part; undefined if the opened
   * data is the same.
   */
  readonly formerdata?: string;
  readonly data: Data;
  /** Of an opened event: the personal part as it was published, sealed. */
  readonly sealed?: SealedPart;
  /** Of an opened event: the content of `formerdata`, if it can be opened. */
  readonly formerly?: unknown;
  /**
   * Of an event whose personal part nobody can open any more, because the person was erased: `data` lacks it. Never
   * published.
   */
  readonly forgotten?: true;
}

/** The sealed personal part of an event: the member `sealed` of its data. */
export interface SealedPart {
  /** The key that opens it. */
  readonly kid: string;
  readonly alg: 'A256GCM';
  /** How the content was compressed, before it was padded to 16 bytes and encrypted. */
  readonly zip: 'DEF-d1';
  /** Initialization vector (12 bytes), ciphertext and tag (16 bytes), in base64. */
  readonly box: string;
  /** JSON Pointer to the person's id in the data; undefined if it is the event's subject. */
  readonly person?: string;
}

/** Returns true if this may be a sealed part; whether it can be opened is another question. */
export function isSealedPart(part: unknown): part is SealedPart {
  if (typeof part !== 'object' || part === null) return false;
  const { kid, box, person } = part as Record<string, unknown>;
  return typeof kid === 'string' && typeof box === 'string' && (person === undefined || typeof person === 'string');
}

/** A domain event: what happened, in the past tense, with the whole state after it. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
  /** Additional attributes of the event. */
  readonly extensions?: Extensions;
}

export const CLOUD_EVENT_CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8';

/**
 * Returns the name of the schema of a type's data in a major version.
 * @example
 * dataschemaOf('orders.order.placed', 1); // 'urn:schema:orders.order.placed:v1'
 */
export function dataschemaOf(type: string, major: number): string {
  return `urn:schema:${type}:v${major}`;
}
