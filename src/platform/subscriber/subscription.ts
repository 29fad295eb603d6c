import type { Logger } from 'pino';
import type { Bus, BusRecord, LoggedRecord, RecordHandler } from '../bus/bus.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';

/** What a context does about the events of a topic. */
export interface Subscription<Message = unknown> {
  readonly topic: string;
  /** The consumer group that remembers how far the context has come. */
  readonly group: string;
  /**
   * The context's own reading of an event; undefined for a type that it does not care about.
   * @throws UnreadableRecord when it can never be applied.
   */
  read(event: CloudEvent, record: LoggedRecord): Message | undefined;
  /** Applies messages of one partition, in order. They may come again. Throws when a dependency is away. */
  react(messages: readonly Message[]): Promise<void>;
}

/** Where a consumer group puts the records of a topic that it gave up on. */
export function deadLetterTopic(topic: string, group: string): string {
  return `${topic}.${group}.dlt`;
}

/** Reads, dead-letters what can never be applied, and hands the rest to the subscription. */
export function recordHandler(subscription: Subscription, bus: Bus, logger: Logger): RecordHandler {
  const { group } = subscription;
  return async (records) => {
    const messages: unknown[] = [];
    const dead: BusRecord[] = [];
    for (const record of records) {
      try {
        const message = subscription.read(parseCloudEvent(record), record);
        if (message !== undefined) messages.push(message);
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        dead.push(toDeadLetter(record, group, error));
        const { topic, partition, offset } = record;
        logger.error({ topic, partition, offset, group, reason: error.message }, 'record goes to the dead letters');
      }
    }
    if (dead.length > 0) await bus.publish(deadLetterTopic(subscription.topic, group), dead);
    if (messages.length > 0) await subscription.react(messages);
  };
}

function toDeadLetter(record: LoggedRecord, group: string, error: UnreadableRecord): BusRecord {
  const { key, value, headers, topic, partition, offset } = record;
  return {
    key,
    value,
    headers: {
      ...headers,
      'dlt-topic': topic,
      'dlt-partition': String(partition),
      'dlt-offset': String(offset),
      'dlt-group': group,
      'dlt-error': error.message,
      'dlt-attempts': '1',
      'dlt-time': new Date().toISOString(),
    },
  };
}
