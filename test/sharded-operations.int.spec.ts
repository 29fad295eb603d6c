import { readFile } from 'node:fs/promises';
import { beforeAll, afterAll, expect, it } from '@jest/globals';
import { type Db, MongoClient } from 'mongodb';
import { eventually } from '../src/platform/testing/eventually.js';
import { get } from './support/http.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { attestationOf, erase, expectForgotten, newPerson } from './support/persons.js';
import { withMasterKeys } from './support/run-process.js';
import { Serving } from './support/serving.js';
import { broadcasts, type Profiled, type ShardKeys } from './support/shard-keys.js';

const LISTS = [
  'accounts.customer.accounts: read by state.erased=',
  'accounts.customer.accounts: read by state.erased=, state.name.lastName=',
  'orders.customer.orders: read by state.customerId=',
  'orders.customer.orders: read by state.customerId=, state.redactedAt=',
];
const BACKGROUND = [
  // Outboxes and remembered commands, by sparse indexes, and whether anything is published.
  ...['accounts.customer.accounts', 'orders.customer.orders'].flatMap((collection) =>
    ['pending.time', 'pending.0', 'commands.at, commands.fingerprint'].map((by) => `${collection}: read by ${by}`),
  ),
  // Forked versions.
  ...['accounts.customer.history', 'orders.order.history'].map((collection) => `${collection}: read by _id`),
  // Estimated counts.
  ...['accounts.customer.accounts', 'accounts.customer.erasures', 'accounts.customer.history'].map(counted),
  ...['orders.customer.orders', 'orders.customers', 'orders.order.history', 'orders.customer.keys'].map(counted),
];

function counted(collection: string): string {
  return `${collection}: read by nothing`;
}

describeWithOwnServers('of the operations of a service that works,', 'sharded-operations', (servers) => {
  let [client, serving] = [undefined as unknown as MongoClient, undefined as unknown as Serving];
  let operations: Profiled[] = [];
  let collections: string[] = [];

  beforeAll(async () => {
    client = await MongoClient.connect(servers.mongodb);
    const databases = [client.db('accounts'), client.db('orders')];
    for (const db of databases) await profile(db);
    serving = await Serving.start(
      withMasterKeys({ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb }),
    );
    await work(serving);
    operations = (await Promise.all(databases.map((db) => db.collection('system.profile').find().toArray()))).flat();
    collections = (await Promise.all(databases.map(collectionsOf))).flat();
  }, 180_000);

  afterAll(async () => {
    await serving.stop();
    await client.close();
  });

  it('all writes, and all reads but lists and a few in the background, go to one shard', async () => {
    const found = broadcasts(operations, await documentedKeys());
    expect(found.filter((each) => !BACKGROUND.includes(each) && !LISTS.includes(each))).toEqual([]);
    // Otherwise nothing was recorded.
    expect(found).toEqual(expect.arrayContaining(LISTS));
  });

  it('none is on a collection that the documentation neither shards nor keeps on one shard', async () => {
    const text = await documentation();
    const unsharded = /(?:`[\w.]+`(?:, | and )?)+ stay on one shard/.exec(text)?.[0] ?? '';
    const names = [...unsharded.matchAll(/`([\w.]+)`/g)].map(([, name]) => name as string);
    const keys = await documentedKeys();
    expect(names.length).toBeGreaterThan(0);
    expect(collections.filter((each) => !keys.has(each) && !names.some((name) => each.endsWith(`.${name}`)))).toEqual(
      [],
    );
    expect([...keys.keys()].filter((each) => !collections.includes(each))).toEqual([]);
  });
});

/** Has every operation of a database recorded. */
async function profile(db: Db): Promise<void> {
  await db.createCollection('system.profile', { capped: true, size: 256 * 1024 ** 2 });
  await db.command({ profile: 2 });
}

/** Registers, changes, erases, orders, lists, and asks for the past. */
async function work({ url, urls }: Serving): Promise<void> {
  const load = new Load({ accounts: [url], orders: [url] }, 6);
  await load.acknowledges(200);
  await load.stop();
  const person = await newPerson(urls);
  const time = encodeURIComponent(new Date().toISOString());
  const [customer, order] = [`accounts/customers/${person.id}`, `orders/${person.orders[0]}`];
  const reads = [
    ...[customer, `${customer}?version=2`, `${customer}?at=${time}`, `${customer}/history?limit=2`],
    ...[order, `${order}/history?limit=2`, `orders/customers/${person.id}`],
    ...['accounts/customers?sort=-updatedAt', `orders?customerId=${person.id}`],
  ];
  for (const path of reads) expect({ path, ...(await get(`${url}/${path}`)) }).toMatchObject({ path, status: 200 });
  await erase(urls, person);
  await attestationOf(urls, person);
  await eventually(() => expectForgotten(urls, person));
}

async function collectionsOf(db: Db): Promise<string[]> {
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  return found.map(({ name }) => `${db.databaseName}.${name}`).filter((name) => !name.endsWith('.system.profile'));
}

function documentation(): Promise<string> {
  return readFile(new URL('../docs/sharding.md', import.meta.url), 'utf8');
}

/** The keys in the commands that the documentation tells operators to run. */
async function documentedKeys(): Promise<ShardKeys> {
  const commands = (await documentation()).matchAll(/shardCollection\("([\w.]+)", \{ (\w+): "hashed" \}/g);
  return new Map([...commands].map(([, collection, field]) => [collection as string, field as string]));
}
