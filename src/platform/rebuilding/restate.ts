import type { Aggregate, Change } from '../aggregate/aggregates.js';
import { sealChange } from '../aggregate/pending-event.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { Extensions } from '../event/extensions.js';
import type { SystemOfRecord } from './replayable.js';

const NOWHERE = { topic: '', partition: -1, offset: -1, key: null, value: null, headers: {} };

/** The state as that of the aggregate's next version, after `version`. */
export function nextAfter(state: Aggregate, version: number, now: string): Aggregate {
  // Clocks differ; an aggregate's own time does not go back.
  return { ...state, version: version + 1, updatedAt: now > state.updatedAt ? now : state.updatedAt };
}

/**
 * A change that says nothing new but the state, of the first of the stream's types that such a state fits: `changed`, the
 * type of the aggregate's newest recorded event, any other.
 * @throws Error when it fits none.
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
    const change = { type, state, restates };
    if (isReadable(read, () => sealChange(stream, undefined, change).entry.json)) return change;
  }
  throw new Error(`${stream.topic}: no type of event can carry the state of ${state.id}`);
}

function isReadable(read: SystemOfRecord['read'], json: () => string): boolean {
  try {
    return read(JSON.parse(json()) as CloudEvent, NOWHERE) !== undefined;
  } catch {
    return false;
  }
}
