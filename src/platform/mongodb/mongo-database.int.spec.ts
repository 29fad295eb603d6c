import { expect, it } from '@jest/globals';
import { losingProxy } from '../../../test/support/losing-proxy.js';
import { driverOf, mongoTestDatabase } from '../../../test/support/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../../../test/support/real-servers.js';
import { openMongoDatabase } from './mongo-database.js';

describeWithRealServers('a view beside the collections of a database', () => {
  it('has others of the same names, and is empty when it is opened', async () => {
    const test = mongoTestDatabase();
    try {
      const database = await test.open();
      const view = await database.openBeside('today');
      const names = async () => (await driverOf(database).listCollections().toArray()).map(({ name }) => name).sort();
      await database.db.collection('items').insertOne({});
      await view.db.collection('items').insertOne({});
      expect(await names()).toEqual(['items', 'items.today']);

      const again = await database.openBeside('today');

      expect(await names()).toEqual(['items']);
      await view.close();
      expect(await again.check()).toEqual({ up: true });
    } finally {
      await test.drop();
    }
  });

  it('is rebuilt like any other', async () => {
    const test = mongoTestDatabase();
    try {
      const view = (await test.open()).beside('found');
      const rebuild = await view.beginRebuild(['items']);
      await rebuild.database.db.collection<{ _id: string }>('items').insertOne({ _id: 'new' });
      await rebuild.fence();
      await rebuild.swap();

      expect(await view.db.collection('items').distinct('_id')).toEqual(['new']);
    } finally {
      await test.drop();
    }
  });
});

describeWithRealServers('a database whose server stands still', () => {
  it('is down, long before the driver gives its queries up', async () => {
    const proxy = await losingProxy(realServers().mongodb);
    const database = await openMongoDatabase({ uri: proxy.uri, setting: 'MONGODB_URI' }, 'none');
    try {
      expect(await database.check()).toEqual({ up: true });
      proxy.standStill();
      const ended: string[] = [];
      const query = database.db.collection('items').findOne({});
      const givenUp = query.catch(() => undefined).finally(() => ended.push('query'));

      const health = await database.check();

      expect({ health, ended }).toEqual({
        health: { up: false, detail: 'MongoDB does not answer for database none' },
        ended: [],
      });
      proxy.close();
      await givenUp;
    } finally {
      proxy.close();
      await database.close();
    }
  });
});
