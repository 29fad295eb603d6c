import { readdirSync, readFileSync } from 'node:fs';
import type { CloudEvent, EventStream } from '../event/cloud-event.js';
import type { MessageSchema } from '../event/message-schema.js';

/** What a context has to do with events: told in data, so that it can be documented. */
export interface EventApi {
  /** What it publishes; nobody else publishes there. */
  readonly publishes: readonly EventStream[];
  /** Schemas of the data that it publishes, in every version that is on the log, and of what these refer to. */
  readonly schemas: readonly MessageSchema[];
  /** Messages as they were published. */
  readonly samples: readonly CloudEvent[];
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

/** The schemas and golden samples that a context keeps beside its messages. */
export function readMessageFiles(folder: URL): Pick<EventApi, 'schemas' | 'samples'> {
  return {
    schemas: jsonFiles(new URL('schemas/', folder)) as MessageSchema[],
    samples: jsonFiles(new URL('samples/', folder)) as CloudEvent[],
  };
}

function jsonFiles(folder: URL): unknown[] {
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown);
}
