import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Collection } from 'mongodb';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import type { MongoDatabase } from './database.js';
import { batchedFinds } from './reads.js';

interface Item {
  _id: string;
  text: string;
}

describeWithRealServers('batched finds', () => {
  let test: MongoTestDatabase;
  let database: MongoDatabase;
  let collection: Collection<Item>;
  let find: (id: string) => Promise<Item | undefined>;
  let queries: ReturnType<typeof jest.spyOn>;

  beforeAll(async () => {
    test = mongoTestDatabase();
    database = await test.open();
  });
  afterAll(() => test.drop());
  beforeEach(async () => {
    collection = database.db.collection<Item>(randomUUID());
    await collection.insertMany(['a', 'b', 'c'].map((_id) => ({ _id, text: `of ${_id}` })));
    queries = jest.spyOn(collection, 'find');
    find = batchedFinds(collection);
  });

  it('return the requested document to each concurrent caller, with one query', async () => {
    const found = await Promise.all(['b', 'none', 'a', 'b'].map((id) => find(id)));

    expect(found.map((item) => item?.text)).toEqual(['of b', undefined, 'of a', 'of b']);
    expect(queries).toHaveBeenCalledTimes(1);
  });

  it('see every write that precedes the call, even while another query is running', async () => {
    const earlier = [find('a'), find('b')];
    await collection.updateOne({ _id: 'a' }, { $set: { text: 'new' } });

    expect((await Promise.all(['a', 'b'].map((id) => find(id)))).map((item) => item?.text)).toEqual(['new', 'of b']);
    await Promise.all(earlier);
  });

  it('find more documents than the server sends in one batch', async () => {
    const text = 'x'.repeat(512 * 1024);
    const ids = Array.from({ length: 40 }, (_, index) => `large-${index}`);
    await collection.insertMany(ids.map((_id) => ({ _id, text })));

    const found = await Promise.all(ids.map((id) => find(id)));

    expect(found.map((item) => [item?._id, item?.text.length])).toEqual(ids.map((id) => [id, text.length]));
  });
});
