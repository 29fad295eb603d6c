import type { Aggregate, Change } from '../aggregate/aggregates.js';
import { eventOf, composeChange } from '../aggregate/pending-event.js';
import type { CloudEvent, DomainEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import type { DataKey } from '../privacy/data-key.js';
import { canonicalJson, hashOf } from '../event/hash-chain.js';
import { type EventPosition, composeEvent } from '../event/compose-event.js';

/** An event with its hash, as it is published. */
export type HashedEvent = CloudEvent & { readonly hash: string };

/** Builds an event as a reader of the log gets it. */
export function toCloudEvent(stream: EventStream, event: DomainEvent, of: EventPosition): HashedEvent {
  return JSON.parse(composeEvent(stream, event, of).json) as HashedEvent;
}

/**
 * Builds the chained events of one aggregate's changes, as a reader of the log gets them.
 * @param key seals their personal part; without it, they are in clear text
 */
export function toChain(stream: EventStream, changes: readonly Change[], key?: DataKey): HashedEvent[] {
  let before: { readonly state: Aggregate; readonly hash: string } | undefined;
  return changes.map((change) => {
    const { entry, hash } = composeChange(stream, before, change, key && { key });
    before = { state: change.state, hash };
    return eventOf(entry) as HashedEvent;
  });
}

/** Serializes an event as it is published: in canonical form, after its hash. */
export function serialize({ hash: _, ...event }: CloudEvent): string {
  return `{"hash":"${hashOf(event)}",${canonicalJson(event).slice(1)}`;
}
