import { expect, it } from '@jest/globals';
import type { CommandStartedEvent, Document } from 'mongodb';
import { changed, created, itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { losingProxy } from '../testing/losing-proxy.js';
import { unpublishedOf } from '../testing/item-stores.js';
import { driverOf, mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../testing/real-servers.js';
import { MongoAggregates } from './aggregates.js';
import { openMongoDatabase } from './database.js';

const WRITES = ['create', 'createIndexes', 'insert', 'update', 'collMod', 'renameCollection', 'drop'];
const READS = ['find', 'aggregate'];
const MAJORITY = { level: 'majority' };

describeWithRealServers('a view beside the collections of a database', () => {
  it('has its own collections of the same names, and is empty when it is opened', async () => {
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

describeWithRealServers('a database whose connection string sets read and write concerns', () => {
  it('still uses majority concerns', async () => {
    const test = mongoTestDatabase();
    const options =
      'readPreference=secondaryPreferred&readPreferenceTags=dc:ny&maxStalenessSeconds=90&readConcernLevel=local' +
      '&w=0&journal=false&wtimeoutMS=1&retryWrites=true&monitorCommands=true';
    const { mongodb } = realServers();
    const uri = `${mongodb}${mongodb.includes('?') ? '&' : '/?'}${options}`;
    const database = await openMongoDatabase({ uri, setting: 'MONGODB_URI' }, test.name);
    const commands: CommandStartedEvent[] = [];
    driverOf(database).client.on('commandStarted', (event) => commands.push(event));
    try {
      const items = new MongoAggregates<Item, ItemChange>(database.db.collection('items'), itemEvents);
      await items.prepare();
      await items.save(undefined, created('a'));
      await items.save(await items.find('a'), changed((await items.find('a'))!.state, 'x'));
      expect(await items.find('a')).toMatchObject({ state: { version: 2 } });
      expect(await items.pendingAggregates('', 9)).toHaveLength(1);
      expect(await unpublishedOf(items)).toHaveLength(1);
      expect(await items.backlog()).toMatchObject({ events: 2 });
      expect(await items.audit().count('exact')).toBe(1);
      const rebuild = await database.beginRebuild(['items']);
      await rebuild.fence();
      await rebuild.swap();
      await (await database.beginRebuild(['items'])).discard();
      expect(await database.check()).toEqual({ up: true });
    } finally {
      await database.close();
      await test.drop();
    }

    const said = commands
      .filter(({ commandName }) => commandName !== 'endSessions')
      .map(({ commandName, command }) => ({ commandName, ...(command as Document) }) as Document);
    const names = said.map(({ commandName }) => commandName as string);
    expect(names).toEqual(expect.arrayContaining([...WRITES, ...READS, 'listCollections']));
    for (const { commandName, readConcern, writeConcern, $readPreference, txnNumber } of said) {
      const { w } = { ...writeConcern } as Document;
      const isWrite = WRITES.includes(commandName);
      const expected = {
        w: isWrite ? 'majority' : w,
        readConcern: READS.includes(commandName) ? MAJORITY : readConcern,
      };
      expect({ commandName, w, readConcern, $readPreference, txnNumber }).toEqual({ commandName, ...expected });
    }
  });
});

describeWithRealServers('a database whose connection string asks for a replica set', () => {
  it('is down, and says which set its server does not belong to', async () => {
    const uri = new URL(realServers().mongodb);
    uri.searchParams.delete('directConnection');
    uri.searchParams.set('replicaSet', 'another');
    const database = await openMongoDatabase({ uri: uri.href, setting: 'ORDERS_MONGODB_URI' }, 'none');
    try {
      const health = await database.check();

      expect(health).toEqual({
        up: false,
        detail:
          `MongoDB at ${uri.host} is not in the replica set 'another' that ORDERS_MONGODB_URI asks for (replicaSet); ` +
          'db.hello().setName names its replica set',
      });
    } finally {
      await database.close();
    }
  });
});

describeWithRealServers('a database whose server stalls', () => {
  it('is down long before the driver ends its queries', async () => {
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

describeWithRealServers('a MongoDB database', () => {
  it('keeps the first of several texts that instances store at once', async () => {
    const test = mongoTestDatabase();
    const [one, another] = [await test.open(), await test.open()];
    try {
      const texts = await Promise.all([
        one.keepFirst('a', () => Promise.resolve('one')),
        another.keepFirst('a', () => Promise.resolve('another')),
      ]);
      expect(new Set(texts).size).toBe(1);
      const never = () => Promise.reject(new Error('there is one'));
      expect(await one.keepFirst('a', never)).toBe(texts[0]);
      expect(await one.keepFirst('b', () => Promise.resolve(''))).toBe('');
      expect(await another.keepFirst('b', never)).toBe('');
    } finally {
      await test.drop();
    }
  });
});
