import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Collection, Db } from 'mongodb';
import { eventually } from '../testing/eventually.js';
import { driverOf, type MongoTestDatabase, mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { isDuplicateKey } from './errors.js';
import { fenceIn, liftFence, raiseFence, writeWhenUnfenced } from './fence.js';
import { MongoHistory } from './history.js';

interface Doc {
  _id: string;
  count: number;
}

const anHour = 3_600_000;
const inAnHour = (): Date => new Date(Date.now() + anHour);
const insert = (_id: string) => ({ insertOne: { document: { _id, count: 1 } } });
const increment = (_id: string) => ({ updateOne: { filter: { _id }, update: { $inc: { count: 1 } } } });

describeWithRealServers('a write fence in MongoDB', () => {
  let test: MongoTestDatabase;
  let db: Db;
  let live: Collection<Doc>;
  let shadow: string;

  beforeAll(async () => {
    test = mongoTestDatabase();
    db = driverOf(await test.open());
  });

  afterAll(() => test.drop());

  beforeEach(async () => {
    live = db.collection(`items-${randomUUID()}`);
    shadow = `${live.collectionName}.rebuild-1`;
    await live.insertOne({ _id: 'a', count: 1 });
  });

  const raise = (until = inAnHour()): Promise<void> => raiseFence(db, live.collectionName, { shadow, until });
  const documents = async () => Object.fromEntries((await live.find().toArray()).map(({ _id, count }) => [_id, count]));
  const names = async () => (await db.listCollections().toArray()).map(({ name }) => name);
  const fenceOnLive = async () => fenceIn((await live.options()).validator);

  /** A collection that counts the bulk writes sent to it. */
  function counted(collection: Collection<Doc>) {
    const sent = { writes: 0 };
    const proxy = new Proxy(collection, {
      get: (target, name) => {
        if (name === 'bulkWrite') sent.writes += 1;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    return { proxy, sent };
  }

  it('blocks inserts and updates; each is applied once after it was lifted', async () => {
    await raise();
    const { proxy, sent } = counted(live);
    let isOver = false;
    const writing = writeWhenUnfenced(proxy, [insert('b'), increment('a'), insert('c'), increment('a')]).finally(
      () => (isOver = true),
    );
    await eventually(() => expect(sent.writes).toBeGreaterThan(3));
    expect(isOver).toBe(false);
    expect(await documents()).toEqual({ a: 1 });

    await liftFence(db, live.collectionName);

    expect(await writing).toEqual(new Map());
    expect(await documents()).toEqual({ a: 3, b: 1, c: 1 });
  });

  it('repeats no operation that was applied before it was raised', async () => {
    const { proxy, sent } = counted(live);
    // The write fence is raised during the first one.
    const fencedBetween = new Proxy(proxy, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== 'bulkWrite' || sent.writes > 1) return member;
        return async (operations: ReturnType<typeof insert>[]) => {
          await live.bulkWrite(operations.slice(0, 2));
          await raise();
          const rest = operations.slice(2);
          const failed = await live.bulkWrite(rest, { ordered: false }).catch((error: unknown) => error);
          const { writeErrors } = failed as { writeErrors: { err: { index: number } }[] };
          for (const { err } of writeErrors) err.index += 2;
          throw failed as Error;
        };
      },
    });
    const writing = writeWhenUnfenced(fencedBetween, [increment('a'), insert('b'), increment('a'), insert('c')]);
    await eventually(() => expect(sent.writes).toBeGreaterThan(3));
    expect(await documents()).toEqual({ a: 2, b: 1 });

    await liftFence(db, live.collectionName);

    expect(await writing).toEqual(new Map());
    expect(await documents()).toEqual({ a: 3, b: 1, c: 1 });
  });

  it('reports an operation that is refused for another reason by its index', async () => {
    await raise();
    const ids = Array.from({ length: 300 }, (_, index) => (index % 3 === 1 ? 'a' : `item-${index}`));
    const { proxy, sent } = counted(live);
    const writing = writeWhenUnfenced(proxy, ids.map(insert));
    await eventually(() => expect(sent.writes).toBeGreaterThan(2));
    await liftFence(db, live.collectionName);

    const refused = await writing;

    expect([...refused.keys()].sort((a, b) => a - b)).toEqual(ids.flatMap((id, index) => (id === 'a' ? [index] : [])));
    expect([...refused.values()].every(isDuplicateKey)).toBe(true);
    expect(Object.keys(await documents())).toHaveLength(201);
  });

  it('is not confused with another validator', async () => {
    await db.command({ collMod: live.collectionName, validator: { count: { $lt: 5 } } });

    const refused = await writeWhenUnfenced(live, [
      insert('b'),
      { insertOne: { document: { _id: 'c', count: 9 } } },
      { updateMany: { filter: {}, update: { $set: { count: 9 } } } },
    ]);

    expect([...refused].map(([index, { code }]) => [index, code])).toEqual([
      [1, 121],
      [2, 121],
    ]);
  });

  it('also protects a missing collection', async () => {
    await live.drop();
    await raise();

    await expect(live.insertOne({ _id: 'b', count: 1 })).rejects.toMatchObject({ code: 121 });
    expect(await names()).toContain(live.collectionName);
    await liftFence(db, live.collectionName);
    expect(await writeWhenUnfenced(live, [insert('b')])).toEqual(new Map());
  });

  it('that is left behind is lifted by the next writer, after its shadow was dropped', async () => {
    await db.collection(shadow).insertOne({ count: 1 });
    await raise(new Date(Date.now() - 1));
    const seen: unknown[] = [];
    const watched = new Proxy(live, {
      get: (target, name) => (name === 'db' ? watchedDb : (Reflect.get(target, name, target) as unknown)),
    });
    const watchedDb = new Proxy(db, {
      get: (target, name) => {
        if (name !== 'command') return Reflect.get(target, name, target) as unknown;
        return async (command: object) => {
          seen.push([Object.keys(command)[0], (await names()).includes(shadow) ? 'shadow' : 'no shadow']);
          return target.command(command);
        };
      },
    });

    expect(await writeWhenUnfenced(watched, [increment('a')])).toEqual(new Map());

    expect(seen).toEqual([['collMod', 'no shadow']]);
    expect(await names()).not.toContain(shadow);
    expect(await fenceOnLive()).toBeUndefined();
    expect(await documents()).toEqual({ a: 2 });
  });

  it('that is left behind does not stop any of many writers', async () => {
    await raise(new Date(Date.now() + 100));

    await Promise.all(Array.from({ length: 20 }, () => writeWhenUnfenced(live, [increment('a')])));

    expect(await documents()).toEqual({ a: 21 });
  });

  it('that stands for too long makes the store unavailable', async () => {
    await raise();

    await expect(writeWhenUnfenced(live, [insert('b')], { fenceWaitMs: 100 })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(await documents()).toEqual({ a: 1 });
  });

  it('blocks appends to a history and deletions of its states', async () => {
    const collection = db.collection(live.collectionName);
    const history = new MongoHistory<string>(collection as never);
    const entry = { id: 'x', type: 't', eventId: 'e', time: '2026-01-01T00:00:00.000Z', changed: [], partition: 0 };
    await history.append([1, 2].map((version) => ({ ...entry, version, offset: version, state: `${version}` })));
    await raise();
    const both = Promise.all([
      history.append([2, 3].map((version) => ({ ...entry, version, offset: version, state: `${version}` }))),
      history.forget('x', 2),
    ]);
    await expect(collection.updateMany({}, { $set: { state: 'y' } })).rejects.toMatchObject({ code: 121 });
    expect((await history.page('x', 0, 10)).map(({ state }) => state)).toEqual(['1', '2']);

    await liftFence(db, live.collectionName);
    await both;

    expect((await history.page('x', 0, 10)).map(({ state }) => state)).toEqual([undefined, '2', '3']);
  });
});
