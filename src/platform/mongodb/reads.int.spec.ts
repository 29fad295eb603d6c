import { expect, it } from '@jest/globals';
import type { Collection } from 'mongodb';
import { created, type Item, itemEvents } from '../testing/items.js';
import { driverOf, mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { historyKey } from '../views/history.js';
import type { AggregateDocument } from './aggregate-documents.js';
import { MongoAggregates } from './aggregates.js';
import { type HistoryDocument, MongoHistory } from './history.js';
import { MongoListing } from './listing.js';
import { MongoProjection } from './projection.js';

const SWAPS = 100;
const MANY = 220;
const PAGE = 200;

describeWithRealServers('a read in MongoDB', () => {
  it('is complete and never fails, however often its collection is replaced', async () => {
    const test = mongoTestDatabase();
    try {
      const [reader, writer] = [await test.open(), driverOf(await test.open())];
      const items: Collection<AggregateDocument<Item>> = reader.db.collection('items');
      const aggregates = new MongoAggregates(items, itemEvents);
      const history = new MongoHistory<string>(reader.db.collection<HistoryDocument<string>>('history'));
      const listing = new MongoListing(items);
      const numbers = Array.from({ length: MANY }, (_, index) => index + 1);
      const padding = 'x'.repeat(50);
      await writer.collection<{ _id: string }>('items').insertMany(
        numbers.map((number) => {
          const { state } = created(`${number}`);
          const waiting = { version: 1, time: '2026-01-01T00:00:00.000Z', json: '{}' };
          const pending = number % 2 === 0 ? [waiting] : [];
          return { _id: state.id, version: 1, state: { ...state, name: padding }, pending, commands: [] };
        }),
      );
      await writer
        .collection<{ _id: string }>('history')
        .insertMany(numbers.map((version) => ({ _id: historyKey('a', version), id: 'a', version, state: padding })));
      const swaps = Array.from(
        { length: SWAPS },
        (_, swap) => [swap % 2 === 0 ? 'items' : 'history', `${swap}`] as const,
      );
      for (const [name, next] of swaps) {
        await writer
          .collection(name)
          .aggregate([{ $out: next }], { writeConcern: { w: 1 } })
          .toArray();
      }

      const reads: Record<string, () => Promise<number>> = {
        'an aggregate': async () => ((await aggregates.find('7')) ? 1 : 0),
        'aggregates that are found together': async () =>
          (await Promise.all(numbers.map((number) => aggregates.find(`${number}`)))).filter((found) => found).length,
        'a copy': async () => ((await new MongoProjection(items as never).find('7')) ? 1 : 0),
        'a page of a history': async () => (await history.page('a', 0, PAGE)).length,
        'the newest version': () => history.newestVersion('a'),
        'a page of a list': async () => (await listing.page({ where: {}, sort: [], limit: PAGE })).items.length,
        'a page of a sorted list': async () =>
          (await listing.page({ where: {}, sort: [['name', 'ascending']], limit: PAGE })).items.length,
        'what waits': async () => (await aggregates.pendingAggregates('', 500)).length,
        'the backlog': async () => (await aggregates.backlog()).events,
      };
      const over = new AbortController();
      const seen = Object.entries(reads).map(async ([name, look]) => {
        const answers = new Set<unknown>();
        while (!over.signal.aborted) answers.add(await look().catch((error: unknown) => error));
        return [name, [...answers]];
      });
      for (const [name, next] of swaps) await writer.renameCollection(next, name, { dropTarget: true });
      over.abort();

      expect(Object.fromEntries(await Promise.all(seen))).toEqual({
        'an aggregate': [1],
        'aggregates that are found together': [MANY],
        'a copy': [1],
        'a page of a history': [PAGE],
        'the newest version': [MANY],
        'a page of a list': [PAGE],
        'a page of a sorted list': [PAGE],
        'what waits': [MANY / 2],
        'the backlog': [MANY / 2],
      });
    } finally {
      await test.drop();
    }
  }, 120_000);
});
