import type { Outbox } from '../aggregate/aggregates.js';
import { DEFAULT_MAX_MESSAGE_BYTES, maxEventBytes } from '../aggregate/event-limit.js';
import type { Bus } from '../log/bus.js';

/** The unpublished events of one aggregate. */
export interface AggregateBacklog {
  readonly topic: string;
  readonly id: string;
  /** Versions of the first and the last event. */
  readonly first: number;
  readonly last: number;
  /** RFC 3339; time of the first event. */
  readonly since: string;
  readonly bytes: number;
  /** The first event that is too large for the topic, if there is one. */
  readonly refused?: { readonly version: number; readonly bytes: number };
}

/** Returns the size in bytes of the largest event that a topic accepts. @throws when the bus is unavailable */
export async function eventLimitOf(bus: Pick<Bus, 'describeTopics'>, topic: string): Promise<number> {
  const [described] = await bus.describeTopics([topic]);
  return maxEventBytes(Number(described?.settings['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES));
}

/** Returns the backlog of each aggregate in an outbox. */
export async function* backlogByAggregate(
  outbox: Pick<Outbox, 'topic' | 'unpublished'>,
  maxBytes: number,
): AsyncGenerator<AggregateBacklog> {
  for await (const { id, pending } of outbox.unpublished()) {
    const [first, last] = [pending[0], pending.at(-1)];
    if (!first || !last) continue;
    const sizes = pending.map(({ version, json }) => ({ version, bytes: Buffer.byteLength(json) }));
    const refused = sizes.find(({ bytes }) => bytes > maxBytes);
    yield {
      topic: outbox.topic,
      id,
      first: first.version,
      last: last.version,
      since: first.time,
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
      ...(refused && { refused }),
    };
  }
}
