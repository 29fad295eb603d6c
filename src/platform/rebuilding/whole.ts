import type { Aggregate, Aggregates, PendingEvent, Restorable, Stored } from '../aggregate/aggregates.js';

/** All that a store has of an aggregate, with the events that wait to be published. */
export type Whole<State extends Aggregate = Aggregate> = Omit<Stored<State>, 'pending'> & {
  readonly pending: readonly PendingEvent[];
};

/** @throws PlatformError `unavailable` when the store does not answer. */
export async function findWhole<State extends Aggregate>(
  store: Pick<Aggregates<State>, 'find'> & Pick<Restorable, 'unpublished'>,
  id: string,
): Promise<Whole<State> | undefined> {
  const stored = await store.find(id);
  if (!stored) return undefined;
  const pending: PendingEvent[] = [];
  for await (const unpublished of store.unpublished({ ids: [id] })) pending.push(...unpublished.pending);
  return { ...stored, pending };
}
