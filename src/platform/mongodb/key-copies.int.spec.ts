import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Collection } from 'mongodb';
import { keyCopiesContract } from '../privacy/key-copies.contract.js';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import type { MongoDatabase } from './database.js';
import { type KeyCopyDocument, MongoKeyCopies } from './key-copies.js';

describeWithRealServers('on a real MongoDB', () => {
  keyCopiesContract('MongoKeyCopies', async () => {
    const test = mongoTestDatabase();
    const databases = [await test.open(), await test.open()];
    return {
      writers: databases.map(copiesIn),
      reopen: async () => copiesIn(await test.open()),
      dispose: () => test.drop(),
    };
  });

  let test: MongoTestDatabase;
  let collection: Collection<KeyCopyDocument>;
  let others: MongoKeyCopies;
  beforeAll(async () => {
    test = mongoTestDatabase();
    collection = collectionIn(await test.open());
    others = copiesIn(await test.open());
  });
  afterAll(() => test.drop());

  it.each([
    ['is put while the server applies the upsert', 'ada', () => Promise.resolve()],
    ['is put, and removed after the upsert was refused', 'bob', (person: string) => others.remove([person])],
  ])('shreds a key that %s', async (_, person, before) => {
    const key = { kid: 'k', wrapped: 'w', master: 'm' };
    const copies = new MongoKeyCopies(collection);
    const bulkWrite = jest.spyOn(collection, 'bulkWrite');
    // The server refuses an upsert that found no document, and then inserts one that is there by now.
    bulkWrite.mockImplementationOnce(async () => {
      await others.put(new Map([[person, key]]));
      const refused = collection.bulkWrite([{ insertOne: { document: { _id: person, key } } }]);
      await refused.catch(() => before(person));
      return refused;
    });

    await copies.shred(new Map([[person, '2026-11-24T08:00:00.000Z']]));

    expect((await others.find([person])).get(person)).toEqual({ shreddedAt: '2026-11-24T08:00:00.000Z' });
    bulkWrite.mockRestore();
  });
});

function copiesIn(database: MongoDatabase): MongoKeyCopies {
  return new MongoKeyCopies(collectionIn(database));
}

function collectionIn({ db }: MongoDatabase): Collection<KeyCopyDocument> {
  return db.collection('person.keys');
}
