import type { Aggregate, Restorable } from '../aggregate/aggregates.js';
import type { KeySource } from '../privacy/key-source.js';
import type { StateChange } from '../views/read-own-events.js';
import { newestOfEach } from '../views/projection.js';

/**
 * Stores the newest states among these changes, with the keys of the persons. A change of an erased person whose state
 * is not known any more is skipped: the erasure follows it.
 */
export async function restoreInto(
  store: Pick<Restorable, 'restore' | 'keysTopic'>,
  changes: readonly StateChange<Aggregate>[],
  keys: KeySource | undefined,
): Promise<void> {
  const newest = newestOfEach(changes.flatMap(({ state, ...change }) => (state ? [{ ...change, state }] : [])));
  if (!keys || store.keysTopic === undefined) return store.restore(newest);
  const found = await keys.find(newest.map(({ id }) => id));
  await store.restore(newest.map((change) => ({ ...change, key: found.get(change.id) })));
}
