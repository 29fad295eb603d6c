import type { Aggregate, Restorable } from '../aggregate/aggregates.js';
import { chainOf, type History, type RecordedChange } from '../views/history.js';
import { recordedChangeReader } from '../views/read-recorded-change.js';
import type { AggregateDeclaration } from './declaration.js';
import { restoreInto } from '../rebuilding/restore-into.js';
import type { PersonKeys } from './person-keys.js';
import type { Part } from './reacting.js';

/** A context's reactions to its own events. */
export interface Recording {
  /** In a running service: updates the history; undefined without one. */
  readonly recording: Part | undefined;
  /** In a replay: also restores the states. */
  readonly restoring: Part;
}

/** Updates the history of a kind of aggregate from the log, and erases personal data from it. */
export function recordingOf(
  { events, history: declared }: AggregateDeclaration,
  store: Restorable<Aggregate>,
  history: History<Aggregate> | undefined,
  keys: PersonKeys | undefined,
): Recording {
  const { topic, typePrefix, erasing = [] } = events;
  const erasingTypes = new Set(erasing.map((type) => `${typePrefix}.${type}`));
  const read = recordedChangeReader<Aggregate>(events);

  const record = async (changes: readonly RecordedChange<Aggregate>[]) => {
    if (!history) return;
    if (declared?.keepsStates !== true) return history.append(changes.map(chainOf));
    await history.append(changes);
    const erasures = changes.filter(({ type, state }) => erasingTypes.has(type) || state?.erased);
    await Promise.all(erasures.map(({ id, version }) => history.forget(id, version)));
  };
  const part = (apply: (changes: readonly RecordedChange<Aggregate>[]) => Promise<unknown>): Part => ({
    topic,
    read,
    open: keys?.open,
    apply: async (messages) => {
      await apply(messages.map(({ message }) => message as RecordedChange<Aggregate>));
    },
  });
  return {
    recording: history && part(record),
    restoring: part((changes) => Promise.all([restoreInto(store, changes, keys?.source), record(changes)])),
  };
}
