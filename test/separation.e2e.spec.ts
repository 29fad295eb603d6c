import { describe, expect, it } from '@jest/globals';
import { get, patch, post } from './support/http.js';
import { readDocuments } from './support/read-documents.js';
import { describeWithRealServers, realServers } from '../src/platform/testing/real-servers.js';
import { customerInput, orderInput } from './support/requests.js';
import { serve, temporaryDirectory } from './support/run-process.js';

const CHANGES = 60;

describe('changes of a customer on the embedded backends', () => {
  it("leave that customer's orders as they are, to the byte", async () => {
    const { url } = await serve({ DATA_DIR: temporaryDirectory() }).ready();
    await expectOrdersStay(url, url);
  });
});

describeWithRealServers('changes of a customer on Kafka and MongoDB', () => {
  it("leave that customer's orders as they are, to the byte", async () => {
    const { kafka, mongodb } = realServers();
    const settings = { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
    const [accounts, orders] = await Promise.all([
      serve(settings, 'accounts').ready(),
      serve(settings, 'orders').ready(),
    ]);
    const documentsOf = async (ids: string[]) => {
      const documents = await readDocuments(mongodb, 'orders', 'customer.orders', ids);
      // What waits to be published goes away by itself.
      return [...documents.values()].map(({ pending: _, ...document }) => JSON.stringify(document));
    };
    await expectOrdersStay(accounts.url, orders.url, documentsOf);
  });
});

async function expectOrdersStay(
  accounts: string,
  orders: string,
  documentsOf: (ids: string[]) => Promise<unknown> = () => Promise.resolve([]),
): Promise<void> {
  const { body: customer } = await post(`${accounts}/accounts/customers`, customerInput('Mover'));
  const copy = `${orders}/orders/customers/${customer.id}`;
  const place = { ...orderInput(customer.id), minCustomerVersion: 1 };
  const placed = await Promise.all([1, 2, 3].map(() => post(`${orders}/orders`, place, { prefer: 'wait=10' })));
  expect(placed.map(({ status }) => status)).toEqual([201, 201, 201]);
  const ids = placed.map(({ body }) => String(body.id));
  const { body: shipped } = await post(`${orders}/orders/${ids[0]}/ship`);
  expect(shipped).toMatchObject({ status: 'SHIPPED', shipTo: { address1: '1 Main Street', customerVersion: 1 } });
  const readAll = async () => ({
    answers: (await Promise.all(ids.map((id) => get(`${orders}/orders/${id}`)))).map(({ text }) => text),
    listed: (await get(copy)).body.orders,
    documents: await documentsOf(ids),
  });
  const before = await readAll();

  for (let change = 1; change <= CHANGES; change += 1) {
    const addresses = customerInput('').addresses.map((address) => ({ ...address, address1: `${change} New Street` }));
    const { status } = await patch(`${accounts}/accounts/customers/${customer.id}`, {
      name: { lastName: `Mover${change}` },
      addresses: change === CHANGES ? [] : addresses,
    });
    expect(status).toBe(200);
  }
  const { status, body } = await get(`${copy}?minVersion=${CHANGES + 1}`, { prefer: 'wait=10' });
  expect([status, body.customerVersion, body.customer.addresses]).toEqual([200, CHANGES + 1, []]);

  expect(await readAll()).toEqual(before);
}
