import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Collection, Document } from 'mongodb';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import type { MongoDatabase } from './database.js';
import { upsertIfNewer } from './upsert-if-newer.js';
import { groupCommit } from './writes.js';

type Versioned = Document & { _id: string; version: number };

describeWithRealServers('upsertIfNewer', () => {
  let test: MongoTestDatabase;
  let database: MongoDatabase;
  let collection: Collection<Versioned>;

  beforeAll(async () => {
    test = mongoTestDatabase();
    database = await test.open();
  });
  afterAll(() => test.drop());
  beforeEach(() => {
    collection = database.db.collection(randomUUID());
  });

  const upsert = (...versions: number[]): Promise<void> =>
    upsertIfNewer(
      { collection, write: groupCommit(collection) },
      versions.map((version) => ({ id: 'a', version })),
      ({ version }) => ({ field: `as of ${version}` }),
      () => ({ waiting: [] }),
    );
  const document = async () => collection.findOne({ _id: 'a' });
  const asOf = (version: number, waiting: string[] = []) => ({ _id: 'a', version, field: `as of ${version}`, waiting });

  it.each([[[1]], [[1, 2, 3]], [[3]], [[3, 1, 2]]])('inserts the newest of versions %j', async (versions) => {
    await upsert(...versions);

    expect(await document()).toEqual(asOf(Math.max(...versions)));
  });

  it.each([[[1]], [[2]], [[1, 2]]])(
    'keeps the stored document when it is not older than versions %j',
    async (versions) => {
      await collection.insertOne(asOf(2, ['x']));

      await upsert(...versions);

      expect(await document()).toEqual(asOf(2, ['x']));
    },
  );

  it.each([[[3]], [[1, 2, 3]]])(
    'does not change insert-only fields when it updates with versions %j',
    async (versions) => {
      await collection.insertOne(asOf(2, ['x']));

      await upsert(...versions);

      expect(await document()).toEqual(asOf(3, ['x']));
    },
  );

  it('fails when the server rejects the write, without quoting the data', async () => {
    await collection.db.createCollection(collection.collectionName, {
      validator: { field: { $type: 'int' } },
    });

    await expect(upsert(1)).rejects.toThrow(/^MongoDB rejected the write with code 121$/);
  });
});
