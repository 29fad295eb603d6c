import type { EventStream } from '../../event/event-stream.js';

/** What a context has to do with events: told in data, so that it can be documented. */
export interface EventApi {
  /** What it publishes; nobody else publishes there. */
  readonly publishes: readonly EventStream[];
  readonly reads: readonly TopicReading[];
}

/** A topic that a context reads. */
export interface TopicReading {
  readonly topic: string;
  /** The consumer group that remembers how far the context has come. */
  readonly group: string;
  /** What it does about the events, in one sentence. */
  readonly summary: string;
  /**
   * What the context needs of the data of another's messages, by `dataschema`. It ignores other types. Without it, it
   * reads every message of the topic.
   */
  readonly needs?: Readonly<Record<string, object>>;
}
