import type { Aggregate, Restorable } from '../aggregate/aggregates.js';
import { parseEventText, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { Opened } from '../privacy/open-events.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { LoggedRecord } from '../log/bus.js';
import type { Auditable } from '../rebuilding/auditable.js';
import {
  type LateLimits,
  LateStates,
  type LoggedEvent,
  type NewestFirst,
  type RestoreStates,
} from '../rebuilding/late-states.js';
import { NewestVersions } from '../rebuilding/newest-versions.js';
import { chainOf, type History, type HistoryEntry } from '../views/history.js';
import { ownEventsOf, type StateChange } from '../views/read-own-events.js';
import type { AggregateDeclaration } from './declaration.js';
import { isNotStorable } from '../tools/errors.js';
import { restoreInto } from '../rebuilding/restore-into.js';
import type { PersonKeys } from './person-keys.js';
import type { Part } from './reacting.js';

/** A context's reactions to its own events. */
export interface Recording {
  /** Updates the history, and drops the keys of erased persons. */
  readonly recording: Part;
  /** In a rebuild: restores every state, one after the other. */
  readonly restoringEach: Part;
  /** In a rebuild of the states only: drops the keys of erased persons. */
  readonly checking: Part;
  /** In a rebuild: restores the newest states. */
  readonly restoringNewest: Part;
  /** The same, of a log that is read in windows, the newest first. */
  readonly restoringNewestFirst: (limits?: LateLimits) => Part;
}

/** Updates the history of a kind of aggregate from the log, and erases personal data from it. */
export function recordingOf(
  { events, history: declared }: AggregateDeclaration,
  store: Restorable<Aggregate>,
  states: Auditable,
  history: History<Aggregate> | undefined,
  keys: PersonKeys | undefined,
): Recording {
  const { topic, typePrefix, erasing = [] } = events;
  const erasingTypes = new Set(erasing.map((type) => `${typePrefix}.${type}`));
  const own = ownEventsOf<Aggregate>(events);

  const record = async (entries: readonly HistoryEntry<Aggregate>[]) => {
    if (!history) return;
    if (declared?.keepsStates !== true) return history.append(entries.map(chainOf));
    await history.append(entries);
    const erasures = entries.filter(({ type, state }) => erasingTypes.has(type) || state?.erased);
    await Promise.all(erasures.map(({ id, version }) => history.forget(id, version)));
  };
  const restore = (changes: readonly StateChange<Aggregate>[]) => restoreInto(store, changes, keys?.source);

  /** @throws PlatformError `unavailable` */
  const restoreNewest: RestoreStates = async (states) => {
    const sealed = states.map(({ text }) => parseEventText(text));
    const opened = (await keys?.open(sealed)) ?? sealed;
    const changes = states.flatMap(({ isNew }, index) => {
      const change = stateIn(opened[index] as Opened);
      return change ? { ...change, isNew } : [];
    });
    // The state before may be readable if the key of the newest one is lost.
    const isRead = ({ id, state }: StateChange) => state !== undefined || keys?.isLost(id) !== true;
    const read = new Set(changes.filter(isRead).map(({ id }) => id));
    const unread = sealed.flatMap(({ subject }) => (read.has(subject) ? [] : subject));
    try {
      await restore(changes);
      return unread;
    } catch (error) {
      if (!isNotStorable(error)) throw error;
      return sealed.map(({ subject }) => subject);
    }
  };
  const stateIn = (event: Opened): StateChange<Aggregate> | undefined => {
    try {
      return event instanceof UnreadableRecord ? undefined : own.state(event);
    } catch {
      // Why is told when the aggregate's events are applied one by one.
      return undefined;
    }
  };
  /** @param newestFirst undefined if the log is read in order */
  const restoringLate = (newestFirst?: NewestFirst, limits?: LateLimits): Part => {
    const late = new LateStates(restoreNewest, newestFirst, limits);
    return {
      ...{ topic, readsSealed: true },
      read: (event, { value, offset }) => (own.isOf(event) ? { value, offset } : undefined),
      apply: async (messages) => {
        for (const { event, message } of messages) late.add(event, message as LoggedEvent);
        await late.trim();
      },
      settle: () => late.settle(),
    };
  };
  const discard: NewestFirst['discard'] = async (each) => {
    await states.repair(
      each.map(({ id, version }) => ({ key: id, seen: { key: id, content: { version } }, expected: undefined })),
    );
  };
  const reading = {
    ...{ topic, readsSealed: true },
    read: (event: CloudEvent, logged: LoggedRecord) => own.entry(event, logged),
  };

  return {
    recording: {
      ...reading,
      apply: async (messages) => {
        await keys?.dropErased(messages.map(({ event }) => event));
        await record(messages.map(({ message }) => message as HistoryEntry<Aggregate>));
      },
    },
    checking: { ...reading, apply: async (messages) => keys?.dropErased(messages.map(({ event }) => event)) },
    restoringEach: {
      ...{ topic, open: keys?.open },
      read: (event) => own.state(event),
      apply: (messages) => restore(messages.map(({ message }) => message as StateChange<Aggregate>)),
    },
    restoringNewest: restoringLate(),
    restoringNewestFirst: (limits) => restoringLate({ restored: new NewestVersions(), discard }, limits),
  };
}
