import type { Restorable } from '../aggregate/aggregates.js';
import { type EventStream, ownsKeys } from '../event/event-stream.js';
import { erasureIn } from '../privacy/erasures.js';
import { changesTopicOf } from '../privacy/topics.js';
import type { Part } from './reacting.js';

/**
 * Returns the part that removes personal data of erased persons from aggregates that are not the persons themselves;
 * none for other aggregates. It is no command: it also works while the database is behind the log, which no command
 * does. The reaction to the erasure may then give the aggregates new versions.
 */
export function forgettingOf(events: EventStream, store: Pick<Restorable, 'forget'>): Part[] {
  const { keys } = events;
  if (keys === undefined || ownsKeys(events)) return [];
  return [
    {
      topic: changesTopicOf(keys),
      read: (event) => erasureIn(event, keys)?.person,
      apply: (messages) => store.forget(messages.map(({ message }) => message as string)),
    },
  ];
}
