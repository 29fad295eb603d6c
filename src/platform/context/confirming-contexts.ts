import { ownsKeys } from '../event/event-stream.js';
import { changesTopicOf } from '../privacy/topics.js';
import type { Context } from './define-context.js';

/** Returns the names of the contexts that copy data of the persons whom this context owns. */
export function confirmingContexts({ name, events }: Context, all: readonly Context[]): readonly string[] {
  const owned = events.publishes.flatMap((stream) => (ownsKeys(stream) ? [stream.keys as string] : []));
  const copies = (other: Context) =>
    owned.some(
      (topic) =>
        other.events.keys.includes(topic) && other.events.reads.some((read) => read.topic === changesTopicOf(topic)),
    );
  return all.filter((other) => other.name !== name && copies(other)).map((other) => other.name);
}
