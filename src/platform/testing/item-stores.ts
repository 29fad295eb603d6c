import type { AggregateStore } from '../context/database.js';
import type {
  Aggregates,
  CommandRetention,
  Outbox,
  PendingEvent,
  Restorable,
  Unpublished,
  UnpublishedQuery,
} from '../aggregate/aggregates.js';
import type { Item, ItemChange } from './items.js';

export type ItemStore = Aggregates<Item, ItemChange> &
  Outbox &
  Restorable<Item> &
  CommandRetention &
  Pick<AggregateStore<Item, ItemChange>, 'onBulkWrite'>;

/** One empty collection of items. */
export interface AggregatesFixture {
  /** Stores over one collection, one per process. Embedded databases permit only one. */
  readonly stores: readonly ItemStore[];
  /** Closes the stores. Returns the store of a process that is started afterwards. */
  reopen(): Promise<ItemStore>;
  dispose(): Promise<void>;
}

/** All unpublished events of an outbox. */
export async function unpublishedOf(
  outbox: Pick<Outbox, 'unpublished'>,
  query?: UnpublishedQuery,
): Promise<Unpublished[]> {
  const all: Unpublished[] = [];
  for await (const each of outbox.unpublished(query)) all.push(each);
  return all;
}

/** The pending events of one aggregate. */
export async function pendingOf(outbox: Pick<Outbox, 'unpublished'>, id: string): Promise<readonly PendingEvent[]> {
  return (await unpublishedOf(outbox, { ids: [id] }))[0]?.pending ?? [];
}
