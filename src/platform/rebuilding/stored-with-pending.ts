import type { Aggregate, Aggregates, PendingEvent, Restorable, StoredAggregate } from '../aggregate/aggregates.js';

/** An aggregate as stored, with all its pending events. */
export type StoredWithPending<State extends Aggregate = Aggregate> = Omit<StoredAggregate<State>, 'pending'> & {
  readonly pending: readonly PendingEvent[];
};

/** @throws PlatformError `unavailable` when the store does not answer. */
export async function findWithPending<State extends Aggregate>(
  store: Pick<Aggregates<State>, 'find'> & Pick<Restorable, 'unpublished'>,
  id: string,
): Promise<StoredWithPending<State> | undefined> {
  const stored = await store.find(id);
  if (!stored) return undefined;
  const pending: PendingEvent[] = [];
  for await (const unpublished of store.unpublished({ ids: [id] })) pending.push(...unpublished.pending);
  return { ...stored, pending };
}
