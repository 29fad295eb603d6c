import { ContainerModule } from 'inversify';
import type { Aggregates, Restorable } from '../../src/platform/aggregate/aggregates.js';
import { type BoundedContext, type Database, PLATFORM } from '../../src/platform/context.js';
import { EmbeddedAggregates } from '../../src/platform/embedded/embedded-aggregates.js';
import { EmbeddedHistory } from '../../src/platform/embedded/embedded-history.js';
import type { EventStream } from '../../src/platform/event/cloud-event.js';
import type { RecordedChange } from '../../src/platform/history/history.js';
import { recordedChangeReader } from '../../src/platform/history/read-recorded-change.js';
import { type AggregateDocument, MongoAggregates } from '../../src/platform/mongodb/mongo-aggregates.js';
import { MongoHistory } from '../../src/platform/mongodb/mongo-history.js';
import type { Replayable, SystemOfRecord } from '../../src/platform/replay/replayable.js';
import type { Subscription } from '../../src/platform/subscriber/subscription.js';
import { type Item, type ItemEvent, itemEvents } from './items.js';

export type ShopStore = Aggregates<Item, ItemEvent> & Restorable<Item>;

const STATE = 'item';

/** A context of two kinds of aggregates, items and parts; of items it keeps a history, of parts none. */
export interface Shop extends Pick<BoundedContext, 'replay' | 'bindings'> {
  readonly streams: { readonly items: EventStream; readonly parts: EventStream };
  open(database: Database): ReturnType<typeof openShop>;
}

/** @param name of its own, on a log that it shares with others */
export function shopCalled(name: string): Shop {
  const streams = { items: streamOf(`${name}.item`), parts: streamOf(`${name}.part`) };
  return {
    streams,
    open: (database) => openShop(database, streams),
    replay: (database) => replayOfShop(database, streams),
    bindings: (database) =>
      new ContainerModule(({ bind }) => {
        const { items, parts } = openShop(database, streams);
        bind(PLATFORM.outbox).toConstantValue(items);
        bind(PLATFORM.outbox).toConstantValue(parts);
      }),
  };
}

function streamOf(prefix: string): EventStream {
  const schemas = itemEvents.schemas.map((schema) => ({
    ...schema,
    $id: schema.$id.replace(itemEvents.typePrefix, prefix),
  }));
  return { ...itemEvents, topic: `${prefix}.change`, typePrefix: prefix, schemas };
}

function openShop(database: Database, streams: Shop['streams']) {
  const history =
    database.kind === 'mongodb'
      ? new MongoHistory<Item>(database.db.collection('item.history'))
      : new EmbeddedHistory<Item>(database.level, 'item.history');
  return {
    items: storeOver(database, 'items', streams.items),
    parts: storeOver(database, 'parts', streams.parts),
    history,
  };
}

function storeOver(database: Database, name: string, stream: EventStream) {
  if (database.kind === 'embedded') return new EmbeddedAggregates<Item, ItemEvent>(database.level, name, stream);
  return new MongoAggregates<Item, ItemEvent>(database.db.collection<AggregateDocument<Item>>(name), stream);
}

function replayOfShop(database: Database, streams: Shop['streams']): Replayable {
  const { items, parts, history } = openShop(database, streams);
  const projection = (stream: EventStream, react: (changes: readonly RecordedChange<Item>[]) => Promise<unknown>) =>
    ({
      topic: stream.topic,
      group: 'shop',
      read: recordedChangeReader<Item>({ stream, member: STATE, schemas: schemasOf(stream) }),
      react: async (changes: readonly RecordedChange<Item>[]) => {
        await react(changes);
      },
    }) as Subscription;
  const own = (stream: EventStream, store: ShopStore, states: SystemOfRecord['states']) => ({
    stream,
    member: STATE,
    store: store as unknown as SystemOfRecord['store'],
    states,
  });
  const [itemStates, partStates, entries] = [items.audit(), parts.audit(), history.audit()];
  return {
    projections: [
      projection(streams.items, (changes) => Promise.all([items.restore(changes), history.append(changes)])),
      projection(streams.parts, (changes) => parts.restore(changes)),
    ],
    systemsOfRecord: [
      { ...own(streams.items, items, itemStates), recorded: { history, entries } },
      own(streams.parts, parts, partStates),
    ],
    erasing: [],
    collections: [itemStates, entries, partStates],
    prepare: () => Promise.resolve(),
  };
}

function schemasOf({ typePrefix, schemaVersions }: EventStream) {
  return Object.entries(schemaVersions).map(([type, major]) => ({
    $id: `urn:schema:${typePrefix}.${type}:v${major}`,
    type: 'object',
  }));
}
