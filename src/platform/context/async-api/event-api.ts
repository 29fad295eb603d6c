import type { EventStream } from '../../event/event-stream.js';

/** The events that a context publishes and reads, as data for the AsyncAPI document. */
export interface EventApi {
  /** The streams that it publishes; it is the only publisher of their topics. */
  readonly publishes: readonly EventStream[];
  readonly reads: readonly TopicReading[];
  /** The topics of the keys that seal what it publishes, or that open what it reads. */
  readonly keys: readonly string[];
}

/** The part of a context that the document describes. */
export interface EventfulContext {
  readonly name: string;
  /** A phrase without a full stop. */
  readonly purpose: string;
  readonly events: EventApi;
}

/** A topic that a context reads. */
export interface TopicReading {
  readonly topic: string;
  /** The consumer group whose committed offsets are the context's progress. */
  readonly group: string;
  /** One sentence on the purpose of reading the topic. */
  readonly summary: string;
  /**
   * Schemas of the data that the context needs, by `dataschema`; it ignores other types. Without `needs`, it reads
   * every message of the topic.
   */
  readonly needs?: Readonly<Record<string, object>>;
}
