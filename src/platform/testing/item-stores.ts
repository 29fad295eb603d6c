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

export type ItemStore = Aggregates<Item, ItemChange> & Outbox & Restorable<Item> & CommandRetention;

/** One empty collection of items. */
export interface AggregatesFixture {
  /** The stores of as many processes as the technology lets use the collection at once. */
  readonly stores: readonly ItemStore[];
  /** Closes all of it, and answers a store that another process opens afterwards. */
  reopen(): Promise<ItemStore>;
  dispose(): Promise<void>;
}

/** What an outbox has to publish, in one piece. */
export async function unpublishedOf(
  outbox: Pick<Outbox, 'unpublished'>,
  query?: UnpublishedQuery,
): Promise<Unpublished[]> {
  const all: Unpublished[] = [];
  for await (const each of outbox.unpublished(query)) all.push(each);
  return all;
}

/** All that one aggregate has to publish. */
export async function pendingOf(outbox: Pick<Outbox, 'unpublished'>, id: string): Promise<readonly PendingEvent[]> {
  return (await unpublishedOf(outbox, { ids: [id] }))[0]?.pending ?? [];
}
