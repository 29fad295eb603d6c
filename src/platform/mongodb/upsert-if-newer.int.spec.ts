import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Collection, Document } from 'mongodb';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import type { MongoDatabase } from './database.js';
import { upsertIfNewer } from './upsert-if-newer.js';
import { groupCommit } from './writes.js';

type Put = Document & { _id: string; version: number };

describeWithRealServers('what is put where it is newer', () => {
  let test: MongoTestDatabase;
  let database: MongoDatabase;
  let collection: Collection<Put>;

  beforeAll(async () => {
    test = mongoTestDatabase();
    database = await test.open();
  });
  afterAll(() => test.drop());
  beforeEach(() => {
    collection = database.db.collection(randomUUID());
  });

  const put = (...versions: number[]): Promise<void> =>
    upsertIfNewer(
      { collection, write: groupCommit(collection) },
      versions.map((version) => ({ id: 'a', version })),
      ({ version }) => ({ field: `as of ${version}` }),
      { waiting: [] },
    );
  const document = async () => collection.findOne({ _id: 'a' });
  const asOf = (version: number, waiting: string[] = []) => ({ _id: 'a', version, field: `as of ${version}`, waiting });

  it.each([[[1]], [[1, 2, 3]], [[3]], [[3, 1, 2]]])('is all there, of versions %j', async (versions) => {
    await put(...versions);

    expect(await document()).toEqual(asOf(Math.max(...versions)));
  });

  it.each([[[1]], [[2]], [[1, 2]]])('is left out where a newer one is there, of versions %j', async (versions) => {
    await collection.insertOne(asOf(2, ['x']));

    await put(...versions);

    expect(await document()).toEqual(asOf(2, ['x']));
  });

  it.each([[[3]], [[1, 2, 3]]])('leaves as it is what only a new one gets, of versions %j', async (versions) => {
    await collection.insertOne(asOf(2, ['x']));

    await put(...versions);

    expect(await document()).toEqual(asOf(3, ['x']));
  });

  it('fails where the server refuses it, and does not tell of what', async () => {
    await collection.db.createCollection(collection.collectionName, {
      validator: { field: { $type: 'int' } },
    });

    await expect(put(1)).rejects.toThrow(/^MongoDB rejected the write with code 121$/);
  });
});
