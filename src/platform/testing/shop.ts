import type { Aggregates } from '../aggregate/aggregates.js';
import type { AggregateStore, Database } from '../context/database.js';
import { aggregate } from '../context/declaration.js';
import { type Context, defineContext } from '../context/define-context.js';
import { token } from '../context/token.js';
import type { EventStream } from '../event/event-stream.js';
import type { HistoryReader } from '../views/history.js';
import { type Item, type ItemChange, itemEvents } from './items.js';

const ITEMS = token<Aggregates<Item, ItemChange>>('items');
const PARTS = token<Aggregates<Item, ItemChange>>('parts');
const HISTORY = token<HistoryReader<Item>>('history of items');

/** A context with two aggregate types: items, with a history, and parts, without one. */
export interface Shop extends Context {
  readonly streams: { readonly items: EventStream; readonly parts: EventStream };
  stores(database: Database): ReturnType<typeof storesOf>;
}

/** @param name unique, because the log is shared with other tests */
export function shopCalled(name: string): Shop {
  const streams = { items: streamOf(`${name}.item`), parts: streamOf(`${name}.part`) };
  const context = defineContext({
    name,
    purpose: 'the system of record for items and parts',
    aggregates: [
      aggregate({
        port: ITEMS,
        collection: 'items',
        events: streams.items,
        history: { port: HISTORY, collection: 'item.history', keepsStates: true },
      }),
      aggregate({ port: PARTS, collection: 'parts', events: streams.parts }),
    ],
  });
  return { ...context, streams, stores: (database) => storesOf(context, database) };
}

function storesOf(context: Context, database: Database) {
  const { container } = context.open(database);
  return {
    items: container.get(ITEMS) as AggregateStore<Item, ItemChange>,
    parts: container.get(PARTS) as AggregateStore<Item, ItemChange>,
    history: database.stores.history<Item>('item.history'),
  };
}

function streamOf(prefix: string): EventStream {
  const schemas = itemEvents.schemas.map((schema) => ({
    ...schema,
    $id: schema.$id.replace(itemEvents.typePrefix, prefix),
  }));
  return { ...itemEvents, topic: `${prefix}.change`, typePrefix: prefix, schemas };
}
