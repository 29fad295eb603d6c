import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CommandStartedEvent, type Db, type Document, MongoClient } from 'mongodb';
import { ListCustomers } from '../src/accounts/app/list-customers.js';
import { GetCustomerWithOrders } from '../src/orders/app/get-customer-with-orders.js';
import { ListOrders } from '../src/orders/app/list-orders.js';
import { type ListPage, type ListQuery, valuesAt } from '../src/platform/views/listing.js';
import type { Aggregate } from '../src/platform/aggregate/aggregates.js';
import type { Database } from '../src/platform/context/database.js';
import { CursorListing } from '../src/platform/views/cursor-listing.js';
import { mongoStores } from '../src/platform/mongodb/stores.js';
import { portsOfAccounts, portsOfOrders } from './support/ports.js';
import { describeWithRealServers, realServers } from '../src/platform/testing/real-servers.js';

const MANY = 20_000;
const LIMIT = 50;
/** How many share a last name, a postal code, a customer. */
const GROUP = 100;
const STATUSES = ['PLACED', 'SHIPPED', 'CANCELLED'] as const;
const START = Date.parse('2026-01-01T00:00:00.000Z');

type Sort = ListQuery['sort'];
type Read = (order: Omit<ListQuery, 'where'>) => Promise<ListPage<object>>;

/** Positions that can be read, so that a test can make one. */
const cursors = {
  seal: (_list: string, position: readonly unknown[]) => Promise.resolve(JSON.stringify(position)),
  open: (_list: string, cursor: string) => Promise.resolve(JSON.parse(cursor) as unknown[]),
};

const positionOf = (position: readonly unknown[]) => JSON.stringify(position);
/** In no order that an index has by chance. */
const shuffled = (index: number) => (index * 48_271) % MANY;
const timeOf = (index: number) => new Date(START + index * 1000).toISOString();

function customerDocument(index: number) {
  const id = `c-${String(index).padStart(6, '0')}`;
  const place = shuffled(index);
  const erased = index % 20 === 0;
  const person = {
    name: { firstName: 'A', lastName: (index * 7_919) % 5 === 0 ? 'Smith' : `L${place % (MANY / GROUP)}` },
    contact: { email: `e${place}@example.com` },
    addresses: [
      {
        type: 'SHIPPING',
        address1: '1',
        city: 'c',
        state: 's',
        postalCode: `p${index % (MANY / GROUP)}`,
        country: 'US',
      },
    ],
  };
  const times = { createdAt: timeOf(index), updatedAt: timeOf(place) };
  const state = { id, version: 1, ...(erased ? { erased } : person), ...times };
  return { _id: id, version: 1, state, pending: [], commands: [] };
}

function orderDocument(index: number) {
  const id = `o-${String(index).padStart(6, '0')}`;
  const customerId = `c-${String(shuffled(index) % (MANY / GROUP)).padStart(6, '0')}`;
  const status = STATUSES[shuffled(index) % 3];
  const times = { createdAt: timeOf(index), updatedAt: timeOf(shuffled(index)) };
  const state = { id, version: 1, customerId, status, items: [], total: { amount: '1', currency: 'USD' }, ...times };
  return { _id: id, version: 1, state, pending: [], commands: [] };
}

async function insertAll(db: Db, collection: string, document: (index: number) => Document): Promise<void> {
  const batches = Array.from({ length: MANY / 10_000 }, (_, batch) =>
    Array.from({ length: 10_000 }, (_each, index) => document(batch * 10_000 + index)),
  );
  const options = { ordered: false, writeConcern: { w: 1, j: false } };
  for (const batch of batches) await db.collection(collection).insertMany(batch, options);
}

/** Every way to sort by one field, and mixes of two to all. */
function sortsOf(fields: readonly string[]): Sort[] {
  const single = fields.flatMap((field): Sort[] => [[[field, 'ascending']], [[field, 'descending']]]);
  const pairs = fields.flatMap((first) =>
    fields
      .filter((second) => second !== first)
      .map((second, index): Sort => [
        [first, index % 2 === 0 ? 'ascending' : 'descending'],
        [second, 'descending'],
      ]),
  );
  const all = fields.map((field, index) => [field, index % 2 === 0 ? 'descending' : 'ascending'] as const);
  return [...single, ...pairs, ...(fields.length > 2 ? [all] : [])];
}

const nameOf = (sort: Sort) => sort.map(([field, way]) => (way === 'ascending' ? field : `-${field}`)).join(',');

function stagesOf(plan: Document): string[] {
  const inner = [plan.inputStage, ...(plan.inputStages ?? []), plan.queryPlan].filter((each) => each !== undefined);
  return [...(plan.stage === undefined ? [] : [plan.stage as string]), ...inner.flatMap(stagesOf)];
}

describeWithRealServers('lists of 20,000 in MongoDB', () => {
  let client: MongoClient;
  let db: Db;
  let database: Database;
  const reads: Document[] = [];

  beforeAll(async () => {
    client = new MongoClient(realServers().mongodb, { monitorCommands: true, ignoreUndefined: true });
    db = client.db(`list-indexes-${randomUUID()}`);
    database = { stores: mongoStores(db) } as Database;
    await Promise.all([portsOfAccounts(database).prepare(), portsOfOrders(database).prepare()]);
    await insertAll(db, 'customer.accounts', customerDocument);
    await insertAll(db, 'customer.orders', orderDocument);
    client.on('commandStarted', ({ commandName, command }: CommandStartedEvent) => {
      if (commandName === 'find' || commandName === 'aggregate') reads.push(command);
    });
  });
  afterAll(async () => {
    await db.dropDatabase();
    await client.close();
  });

  /** Reads a page, and answers how the server went about each query of it. */
  const explained = async (read: Read, order: Omit<ListQuery, 'where'>) => {
    reads.length = 0;
    const page = await read(order);
    const made = [...reads];
    const plans = await Promise.all(
      made.map(async ({ lsid: _l, $clusterTime: _c, $db: _d, readConcern: _r, ...command }) => {
        const { stages, ...whole } = await db.command({ explain: command, verbosity: 'executionStats' });
        const { queryPlanner, executionStats } = (stages as Document[] | undefined)?.[0]?.$cursor ?? whole;
        return {
          stages: stagesOf(queryPlanner.winningPlan),
          examined: executionStats.totalDocsExamined as number,
          keys: executionStats.totalKeysExamined,
        };
      }),
    );
    return { page, stages: plans.flatMap(({ stages }) => stages), examined: plans.map(({ examined }) => examined) };
  };
  /** The first page, one after it and one from far inside. */
  const pages = async (read: Read, sort: Sort) => {
    const first = await explained(read, { sort, limit: LIMIT });
    if (!first.page.next) return [first];
    const second = await explained(read, { sort, limit: LIMIT, cursor: first.page.next });
    const [far] = (
      await read({ sort: [['createdAt', 'ascending']], limit: 1, cursor: positionOf([timeOf(MANY / 2), '']) })
    ).items;
    if (!far) return [first, second];
    const after = [...sort.map(([field]) => valuesAt(far, field)[0] ?? ''), (far as { id: string }).id];
    return [first, second, await explained(read, { sort, limit: LIMIT, cursor: positionOf(after) })];
  };
  const expectIndexed = async (read: Read, sort: Sort, mostExamined: number) => {
    for (const { page, stages, examined } of await pages(read, sort)) {
      expect(page.items).not.toEqual([]);
      expect(stages).toContain('IXSCAN');
      expect(stages).not.toContain('COLLSCAN');
      expect({ examined, isFew: Math.max(...examined) <= mostExamined }).toEqual({ examined, isFew: true });
    }
  };

  const listingOf = <State extends Aggregate>(collection: string) =>
    new CursorListing<State>(mongoStores(db).listing(collection), collection, cursors);
  const customers = (filter: object, onlyFor?: string): Read => {
    const list = new ListCustomers(listingOf('customer.accounts'));
    return (order) => list.execute(filter, order, onlyFor);
  };
  const orders = (filter: object): Read => {
    const list = new ListOrders(listingOf('customer.orders'));
    return (order) => list.execute(filter, order);
  };

  const CUSTOMER_SORTS = sortsOf(['createdAt', 'updatedAt', 'name.lastName', 'contact.email']);
  const ORDER_SORTS = sortsOf(['createdAt', 'updatedAt']);
  const named = (sorts: readonly Sort[]) => sorts.map((sort) => [nameOf(sort), sort] as const);
  const single = (sorts: readonly Sort[]) => sorts.filter(({ length }) => length === 1);
  const mixed = (sorts: readonly Sort[]) => sorts.filter(({ length }) => length > 1);

  it.each(named(single(CUSTOMER_SORTS)))('customers by %s read little more than the page', async (_name, sort) => {
    await expectIndexed(customers({}), sort, 3 * LIMIT);
  });

  it.each(named(single(ORDER_SORTS)))('orders by %s read little more than the page', async (_name, sort) => {
    await expectIndexed(orders({}), sort, 2 * LIMIT);
  });

  it.each(named(mixed(CUSTOMER_SORTS)))(
    'customers by %s read no more than those who share the first field, and the page',
    async (_name, sort) => {
      await expectIndexed(customers({}), sort, sort[0]?.[0] === 'name.lastName' ? MANY / 5 + 3 * LIMIT : 3 * LIMIT);
    },
  );

  it.each(named(mixed(ORDER_SORTS)))('orders by %s read little more than the page', async (_name, sort) => {
    await expectIndexed(orders({}), sort, 3 * LIMIT);
  });

  describe.each([
    ['an e-mail address', { email: 'e15001@example.com' }, 1],
    ['a last name', { lastName: 'L7' }, GROUP],
    ['a postal code', { postalCode: 'p7' }, GROUP],
    ['a last name and a postal code', { lastName: 'Smith', postalCode: 'p10' }, 2 * GROUP],
  ])('customers with %s', (_what, filter, mostExamined) => {
    it.each(named(CUSTOMER_SORTS))('by %s read no more than those who have it', async (_name, sort) => {
      await expectIndexed(customers(filter), sort, mostExamined);
    });
  });

  it.each(named(CUSTOMER_SORTS))('one customer alone, by %s, is read by the id', async (_name, sort) => {
    for (const filter of [{}, { lastName: 'Smith' }]) await expectIndexed(customers(filter, 'c-000005'), sort, 1);
  });

  it.each(named(CUSTOMER_SORTS))(
    'customers with a last name that very many have, by %s, use an index',
    async (_n, sort) => {
      await expectIndexed(customers({ lastName: 'Smith' }), sort, MANY / 5);
    },
  );

  describe.each([
    ["a customer's", { customerId: 'c-000007' }, GROUP],
    ["a customer's in a status", { customerId: 'c-000007', status: 'PLACED' }, GROUP],
  ])('%s orders', (_what, filter, mostExamined) => {
    it.each(named(ORDER_SORTS))('by %s read no more than those', async (_name, sort) => {
      await expectIndexed(orders(filter), sort, mostExamined);
    });
  });

  it.each(named(ORDER_SORTS))('orders in a status by %s read little more than the page', async (_name, sort) => {
    await expectIndexed(orders({ status: 'SHIPPED' }), sort, 10 * LIMIT);
  });

  it("a customer's newest orders read the page alone", async () => {
    const { customers: copies } = portsOfOrders(database);
    const customer = { id: 'c-000007', version: 1, state: { id: 'c-000007', version: 1 } };
    await copies.apply([customer as never]);
    const read = new GetCustomerWithOrders(copies, listingOf('customer.orders'));
    const page: Read = async ({ limit, cursor }) =>
      (await read.execute({ customerId: 'c-000007', waitSeconds: 0, limit, ...(cursor !== undefined && { cursor }) }))
        .orders;
    await expectIndexed(page, [['createdAt', 'descending']], LIMIT + 1);
  });
});
