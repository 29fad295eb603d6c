import {
  type CloudEvent,
  type DomainEvent,
  type EventStream,
  type Place,
  sealEvent,
} from '../../src/platform/event/cloud-event.js';

/** An event as it is written: with its hash. */
export type HashedEvent = CloudEvent & { readonly hash: string };

/** An event as a reader of the log gets it. */
export function toCloudEvent(stream: EventStream, event: DomainEvent, of: Place): HashedEvent {
  return JSON.parse(sealEvent(stream, event, of).json) as HashedEvent;
}
