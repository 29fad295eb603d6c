import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { keyStoreContract } from '../privacy/key-store.contract.js';
import { madeKeysContract } from '../privacy/made-keys.contract.js';
import { type Item, type ItemChange, itemEvents, personEvents } from '../testing/items.js';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { MongoAggregates } from './aggregates.js';
import type { MongoDatabase } from './database.js';

describeWithRealServers('on a real MongoDB', () => {
  let test: MongoTestDatabase;
  let databases: MongoDatabase[];

  beforeAll(async () => {
    test = mongoTestDatabase();
    databases = [await test.open(), await test.open()];
  });
  afterAll(() => test.drop());

  keyStoreContract('MongoKeyStore', async () => {
    const collection = `items-${randomUUID()}`;
    const stores = databases.map(
      ({ db }) => new MongoAggregates<Item, ItemChange>(db.collection(collection), itemEvents),
    );
    await Promise.all(stores.map((store) => store.prepare()));
    return { stores, dispose: () => Promise.resolve() };
  });

  madeKeysContract('MongoAggregates', async (sealing) => {
    const collection = databases[0]!.db.collection(`persons-${randomUUID()}`);
    const store = new MongoAggregates<Item, ItemChange>(collection as never, personEvents, sealing);
    await store.prepare();
    return { store, dispose: () => Promise.resolve() };
  });
});
