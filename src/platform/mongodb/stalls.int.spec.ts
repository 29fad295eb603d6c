import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { changed, created, itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { unpublishedOf } from '../testing/item-stores.js';
import { losingProxy, type LosingProxy } from '../testing/losing-proxy.js';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../testing/real-servers.js';
import { withTimeout } from '../tools/timeout.js';
import { MongoAggregates } from './aggregates.js';
import { type MongoDatabase, openMongoDatabase } from './database.js';
import { MongoHistory } from './history.js';
import { MongoListing } from './listing.js';
import { MongoProjection } from './projection.js';

/** Generous, because speed is not tested. The driver alone takes 13 s or more, or hangs permanently. */
const AT_ALL_MS = 10_000;

describeWithRealServers('calls to a stalled MongoDB', () => {
  let test: MongoTestDatabase;
  let proxy: LosingProxy;
  let database: MongoDatabase;
  let items: MongoAggregates<Item, ItemChange>;

  beforeEach(async () => {
    test = mongoTestDatabase();
    proxy = await losingProxy(realServers().mongodb);
    database = await openMongoDatabase({ uri: proxy.uri, setting: 'MONGODB_URI' }, test.name);
    items = new MongoAggregates(database.db.collection('items'), itemEvents);
    await items.save(undefined, created('a'));
  });

  afterEach(async () => {
    proxy.close();
    await database.close();
    await test.drop();
  });

  const unavailable = { status: 'rejected', reason: { kind: 'unavailable' } };

  it('fail while the server is stalled, and succeed again afterwards', async () => {
    const before = (await items.find('a'))!;
    const projection = new MongoProjection<Item>(database.db.collection('copies'));
    const history = new MongoHistory<Item>(database.db.collection('history'));
    const list = new MongoListing<Item>(database.db.collection('items'));
    proxy.standStill();

    const calls = [
      ...['b', 'c', 'd'].map((id) => items.save(undefined, created(id))),
      items.save(before, changed(before.state, 'x')),
      items.find('a'),
      items.pendingAggregates('', 1),
      unpublishedOf(items, { ids: ['a'] }),
      items.trim(new Map([['a', 1]])),
      projection.find('a'),
      projection.apply([{ id: 'a', version: 1, state: before.state }]),
      history.page('a', 0, 1),
      list.page({ where: {}, sort: [['name', 'ascending']], limit: 1 }),
    ];
    const outcomes = await withTimeout(AT_ALL_MS, Promise.allSettled(calls));

    expect(outcomes).toEqual(calls.map(() => expect.objectContaining({ status: 'rejected' })));
    expect(outcomes).toMatchObject(calls.map(() => unavailable));
    proxy.goOn();
    await eventually(() => items.save(undefined, created('e')));
    expect(await items.find('e')).toBeDefined();
  });

  it('fail only for the write that hangs when the server answers the others', async () => {
    const before = (await items.find('a'))!;
    proxy.loseAnswerTo('one that hangs', () => new Promise(() => undefined));
    const hanging = Promise.allSettled([items.save(before, changed(before.state, 'one that hangs'))]);
    // Otherwise they would share its batch.
    await eventually(() => expect(proxy.lost()).toBe(1));

    const ids = Array.from({ length: 20 }, (_, index) => `other-${index}`);
    await withTimeout(AT_ALL_MS, Promise.all(ids.map((id) => items.save(undefined, created(id)))));

    expect(await withTimeout(AT_ALL_MS, hanging)).toMatchObject([unavailable]);
    // It was applied nevertheless, and a new decision would find it.
    expect(await items.find('a')).toMatchObject({ state: { version: 2, name: 'one that hangs' } });
  });
});
