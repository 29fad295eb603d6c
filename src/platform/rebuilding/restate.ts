import type { Aggregate, Change } from '../aggregate/aggregates.js';
import { composeChange } from '../aggregate/pending-event.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { Extensions } from '../event/extensions.js';
import type { SystemOfRecord } from './replayable.js';

/** The state with the version that follows `version`. */
export function nextAfter(state: Aggregate, version: number, now: string): Aggregate {
  // Clocks differ, and an aggregate's time must not go back.
  return { ...state, version: version + 1, updatedAt: now > state.updatedAt ? now : state.updatedAt };
}

/**
 * A change that only states the current state again. Its type is the first that can carry this state: `changed`, then
 * the type of the newest recorded event, then any other.
 * @throws Error when no type can carry it
 */
export async function restatement(
  { stream, read, recorded }: SystemOfRecord,
  state: Aggregate,
  restates: Extensions,
): Promise<Change> {
  const newest = await recorded?.history.find(state.id, (await recorded.history.newestVersion(state.id)) || 1);
  const recordedType = newest?.type.slice(stream.typePrefix.length + 1) ?? '';
  const types = new Set(['changed', recordedType, ...Object.keys(stream.schemaVersions)]);
  for (const type of types) {
    if (stream.schemaVersions[type] === undefined) continue;
    const change = { type, state, restates, ...(state.erased && { forgets: true as const }) };
    if (isReadable(read, () => composeChange(stream, undefined, change).entry.json)) return change;
  }
  throw new Error(`${stream.topic}: no event type can carry the state of ${state.id}`);
}

function isReadable(read: SystemOfRecord['read'], json: () => string): boolean {
  try {
    return read(JSON.parse(json()) as CloudEvent) !== undefined;
  } catch {
    return false;
  }
}
