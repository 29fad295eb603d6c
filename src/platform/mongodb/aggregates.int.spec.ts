import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Document } from 'mongodb';
import { eventually } from '../testing/eventually.js';
import { unpublishedOf } from '../testing/item-stores.js';
import { changed, created, itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { driverOf, mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { aggregatesContract } from '../aggregate/aggregates.contract.js';
import { createAggregate } from '../aggregate/change-aggregate.js';
import { MongoAggregates } from './aggregates.js';
import type { MongoDatabase } from './database.js';

describeWithRealServers('on a real MongoDB', () => {
  let test: MongoTestDatabase;
  let databases: MongoDatabase[];

  beforeAll(async () => {
    test = mongoTestDatabase();
    databases = await Promise.all([test.open(), test.open()]);
  });

  afterAll(() => test.drop());

  function storeOver({ db }: MongoDatabase, collection: string): MongoAggregates<Item, ItemChange> {
    return new MongoAggregates<Item, ItemChange>(db.collection(collection), itemEvents);
  }

  aggregatesContract('MongoAggregates', async () => {
    const collection = `items-${randomUUID()}`;
    const stores = databases.map((database) => storeOver(database, collection));
    await Promise.all(stores.map((store) => store.prepare()));
    return {
      stores,
      reopen: async () => storeOver(await test.open(), collection),
      dispose: () => Promise.resolve(),
    };
  });

  it('keeps an aggregate as one document of state, outbox and remembered commands, and nothing else', async () => {
    const name = `items-${randomUUID()}`;
    const store = storeOver(databases[0]!, name);
    await store.save(undefined, created('a'));
    const before = await store.find('a');
    await store.save(before, changed(before!.state, 'x'));

    const document = await databases[0]!.db.collection(name).findOne();
    expect(Object.keys(document as Document).sort()).toEqual([
      '_id',
      'commands',
      'hash',
      'pending',
      'state',
      'version',
    ]);
    expect(document).toMatchObject({ _id: 'a', version: 2, state: { version: 2 } });
  });

  it('creates once when it shares a batch with a change that MongoDB cannot store', async () => {
    const name = `items-${randomUUID()}`;
    const store = storeOver(databases[0]!, name);
    await store.save(undefined, created('a'));
    const before = await store.find('a');
    const deep = { ...before!.state, tags: nested(300) as never };

    const [creating, changing] = await Promise.allSettled([
      createAggregate(store, (id) => created(id)),
      store.save(before, changed(deep, 'x')),
    ]);

    expect(changing).toMatchObject({ status: 'rejected', reason: { code: 'not-storable' } });
    expect(creating.status).toBe('fulfilled');
    expect(await databases[0]!.db.collection(name).countDocuments()).toBe(2);
  });

  it('finds expired commands with indexes that contain only remembered commands', async () => {
    const own = mongoTestDatabase();
    try {
      const db = driverOf(await own.open());
      const store = storeOver(await own.open(), 'items');
      await store.prepare();
      const command = (at: string) => ({ key: 'k', request: 'r', at, version: 1 });
      const ids = Array.from({ length: 100 }, (_, index) => `item-${index}`);
      await Promise.all(
        ids.map((id, index) =>
          store.save(undefined, { ...created(id), commands: index < 3 ? [command(`2026-01-0${index + 1}`)] : [] }),
        ),
      );
      const at = { hint: { 'commands.at': 1 } };
      expect(await db.collection('items').find({}, at).toArray()).toHaveLength(3);
      expect(
        await db
          .collection('items')
          .find({}, { hint: { 'commands.fingerprint': 1 } })
          .toArray(),
      ).toEqual([]);

      await db.setProfilingLevel('all');
      expect(await store.forgetCommands('2026-01-02')).toBe(1);
      await db.setProfilingLevel('off');

      const operations = await db
        .collection('system.profile')
        .find({ ns: `${own.name}.items`, 'command.find': 'items' })
        .toArray();
      expect(operations).toHaveLength(1);
      expect(operations[0]).toMatchObject({ planSummary: expect.stringMatching(/^IXSCAN .*IXSCAN /) });
      expect(operations[0]!.keysExamined).toBeLessThanOrEqual(3);
      expect(operations[0]!.docsExamined).toBeLessThanOrEqual(1);
      expect(await db.collection('items').find({}, at).toArray()).toHaveLength(2);
    } finally {
      await own.drop();
    }
  });

  it('searches the outbox with an index that contains only the backlog', async () => {
    const own = mongoTestDatabase();
    try {
      const db = driverOf(await own.open());
      const store = storeOver(await own.open(), 'items');
      await store.prepare();
      const ids = Array.from({ length: 100 }, (_, index) => `item-${index}`);
      await Promise.all(ids.map((id) => store.save(undefined, created(id))));
      await store.trim(new Map(ids.slice(3).map((id) => [id, 1])));

      await eventually(async () => expect(await store.backlog()).toMatchObject({ events: 3 }));

      const inIndex = await db.collection('items').find().hint({ 'pending.time': 1 }).toArray();
      expect(inIndex).toHaveLength(3);

      await db.setProfilingLevel('all');
      expect(await store.pendingAggregates('', 10)).toHaveLength(3);
      expect(await store.ends()).toBeDefined();
      expect(await unpublishedOf(store)).toHaveLength(3);
      expect(await store.backlog()).toMatchObject({ events: 3 });
      await db.setProfilingLevel('off');

      const operations = await db
        .collection('system.profile')
        .find({ ns: `${own.name}.items` })
        .toArray();
      const plans = operations.map(({ command, planSummary, keysExamined, docsExamined }) => ({
        operation: Object.keys(command as object)[0],
        planSummary: planSummary as string,
        atMostTheBacklog: keysExamined <= 4 && docsExamined <= 4,
      }));
      const planSummary = 'IXSCAN { pending.time: 1 }';
      expect(plans.map(({ operation }) => operation).sort()).toEqual(['aggregate', ...Array<string>(6).fill('find')]);
      for (const plan of plans) expect(plan).toMatchObject({ planSummary, atMostTheBacklog: true });
    } finally {
      await own.drop();
    }
  });
});

function nested(depth: number): object {
  let value: object = {};
  for (let level = 0; level < depth; level += 1) value = { value };
  return value;
}
