import type { Aggregates, CommandRetention, Outbox, Restorable } from '../../src/platform/aggregate/aggregates.js';
import type { Item, ItemEvent } from './items.js';

export type ItemStore = Aggregates<Item, ItemEvent> & Outbox & Restorable<Item> & CommandRetention;

/** One empty collection of items. */
export interface AggregatesFixture {
  /** The stores of as many processes as the technology lets use the collection at once. */
  readonly stores: readonly ItemStore[];
  /** Closes all of it, and answers a store that another process opens afterwards. */
  reopen(): Promise<ItemStore>;
  dispose(): Promise<void>;
}
