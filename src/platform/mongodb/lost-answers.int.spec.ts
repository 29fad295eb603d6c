import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { changed, created, itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { pendingOf } from '../testing/item-stores.js';
import { losingProxy, type LosingProxy } from '../testing/losing-proxy.js';
import { driverOf, mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../testing/real-servers.js';
import { type CommittedEvent, type StoredAggregate, VersionConflict } from '../aggregate/aggregates.js';
import { createAggregate } from '../aggregate/change-aggregate.js';
import { eventOf } from '../aggregate/pending-event.js';
import type { AggregateDocument } from './aggregate-documents.js';
import { MongoAggregates } from './aggregates.js';
import { type MongoDatabase, openMongoDatabase } from './database.js';
import { liftFence, raiseFence } from './fence.js';
import { MongoHistory } from './history.js';

describeWithRealServers('a write whose answer gets lost', () => {
  let test: MongoTestDatabase;
  let proxy: LosingProxy;
  let database: MongoDatabase;
  let items: MongoAggregates<Item, ItemChange>;
  /** The same items in another process. */
  let others: MongoAggregates<Item, ItemChange>;
  let committed: CommittedEvent[];

  beforeEach(async () => {
    test = mongoTestDatabase();
    proxy = await losingProxy(realServers().mongodb);
    database = await openMongoDatabase({ uri: proxy.uri, setting: 'MONGODB_URI' }, test.name);
    items = new MongoAggregates(database.db.collection('items'), itemEvents);
    others = new MongoAggregates((await test.open()).db.collection('items'), itemEvents);
    committed = [];
    items.onCommit((commit) => committed.push(commit));
  });

  afterEach(async () => {
    expect(proxy.lost()).toBe(1);
    await database.close();
    proxy.close();
    await test.drop();
  });

  async function findItem(id: string): Promise<StoredAggregate<Item>> {
    return (await others.find(id)) as StoredAggregate<Item>;
  }

  it('creates once, and hands its event to the relay', async () => {
    proxy.loseAnswerTo('of-a');

    await Promise.all([items.save(undefined, created('of-a')), items.save(undefined, created('of-b'))]);

    expect(await pendingOf(others, 'of-a')).toHaveLength(1);
    expect(await pendingOf(others, 'of-b')).toHaveLength(1);
    expect(committed.map(({ id }) => id).sort()).toEqual(['of-a', 'of-b']);
  });

  it('changes once', async () => {
    await items.save(undefined, created('a'));
    const before = await findItem('a');
    proxy.loseAnswerTo('another name');

    await items.save(before, changed(before.state, 'another name'));

    const after = await findItem('a');
    expect(after).toMatchObject({ state: { version: 2, name: 'another name' } });
    expect((await pendingOf(others, 'a')).map(({ version }) => version)).toEqual([1, 2]);
    expect(committed.map(({ event, oldest }) => [eventOf(event).sequence, oldest])).toEqual([
      ['1', 1],
      ['2', 1],
    ]);
  });

  it('is no conflict when another writer changed the aggregate again while the event is pending', async () => {
    await items.save(undefined, created('a'));
    const before = await findItem('a');
    proxy.loseAnswerTo('mine', async () => {
      const mine = await findItem('a');
      await others.save(mine, changed(mine.state, 'theirs'));
    });

    await items.save(before, changed(before.state, 'mine'));

    expect(await findItem('a')).toMatchObject({ state: { version: 3, name: 'theirs' } });
  });

  it('is unavailable when its outcome can no longer be determined', async () => {
    await items.save(undefined, created('a'));
    const before = await findItem('a');
    proxy.loseAnswerTo('mine', async () => {
      const mine = await findItem('a');
      await others.save(mine, changed(mine.state, 'theirs'));
      await others.trim(new Map([['a', 3]]));
    });

    await expect(items.save(before, changed(before.state, 'mine'))).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it("is a conflict when the version is another writer's", async () => {
    await items.save(undefined, created('a'));
    const before = await findItem('a');
    await others.save(before, changed(before.state, 'theirs'));
    proxy.loseAnswerTo('mine');

    await expect(items.save(before, changed(before.state, 'mine'))).rejects.toThrow(VersionConflict);

    expect(await findItem('a')).toMatchObject({ state: { version: 2, name: 'theirs' } });
  });

  it('creates once when a write fence blocks the second attempt', async () => {
    const live = driverOf(database).collection<AggregateDocument<Item>>('items');
    const bulkWrite = jest.spyOn(live, 'bulkWrite');
    const fence = { shadow: 'items.rebuild-1', until: new Date(Date.now() + 60_000) };
    const db = driverOf(await test.open());
    proxy.loseAnswerTo('test.item.created', () => raiseFence(db, 'items', fence));
    const creating = createAggregate(new MongoAggregates<Item, ItemChange>(live, itemEvents), (id) => created(id));
    await eventually(() => expect(bulkWrite.mock.calls.length).toBeGreaterThan(3));

    await liftFence(db, 'items');

    const { state } = await creating;
    expect(
      await live
        .find()
        .map(({ _id }) => _id)
        .toArray(),
    ).toEqual([state.id]);
    expect(await pendingOf(others, state.id)).toHaveLength(1);
  });

  it('is repeated when the server closes the connection while it is being sent', async () => {
    const history = new MongoHistory<string>(database.db.collection('history'));
    const change = { type: 't', eventId: randomUUID(), time: 't', changed: [''], partition: 0, offset: 0 };
    const entries = Array.from({ length: 8 }, (_, index) => index + 1).map((version) => ({
      ...{ id: 'large', version, ...change, state: 'x'.repeat(1024 ** 2) },
    }));
    proxy.hangUpOn(change.eventId);

    await history.append(entries);

    expect(await history.page('large', 0, 10)).toHaveLength(entries.length);
  });

  it('records history once', async () => {
    const history = new MongoHistory<Item>(database.db.collection('history'));
    const change = { type: 't', eventId: randomUUID(), time: 't', changed: [''], partition: 0, offset: 0 };
    proxy.loseAnswerTo(change.eventId);

    await history.append([{ id: 'a', version: 1, ...change, state: created('a').state }]);

    expect(await history.page('a', 0, 10)).toHaveLength(1);
  });
});
