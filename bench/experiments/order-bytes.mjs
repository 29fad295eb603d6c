// Bytes of orders in MongoDB, of the copies that orders has of customers and keys, and of a remembered command.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BSON, MongoClient } from 'mongodb';
import { v7 as uuid7 } from 'uuid';
import { placeOrder, shipOrder } from '../load/requests.mjs';
import { startService } from '../processes.mjs';

const ORDERS = 2_000;
/** Enough for indexes whose pages are as full as those of millions. */
const MANY_ORDERS = 200_000;
const INSERTED = 5_000;
const CONCURRENT = 32;

/** @typedef {import('./bytes.mjs').Stored} Stored */
/**
 * @typedef {object} OrderBytes
 * @property {number} orders
 * @property {Stored} order of each order
 * @property {{ orders: number, order: Stored }} many the same with many orders
 * @property {Stored} history of each event
 * @property {Stored} copy of each customer
 * @property {Stored} key of each customer
 * @property {{ digests: number, response: number }} remembered as BSON: while the aggregate is as the command left it,
 *   and once it has changed, so that the response is kept, too
 */

/** @param {NodeJS.ProcessEnv} env of servers with customers @returns {Promise<OrderBytes>} */
export async function measureOrders(env) {
  const client = await MongoClient.connect(String(env.MONGODB_URI));
  const [accounts, orders] = [client.db('accounts'), client.db('orders')];
  const service = await startService('orders', env);
  try {
    const found = await accounts
      .collection('customer.accounts')
      .find({}, { projection: { _id: 1 } })
      .toArray();
    const customers = found.map(({ _id }) => String(_id));
    while ((await orders.collection('customers').countDocuments()) < customers.length) await sleep(200);
    for (let from = 0; from < ORDERS; from += CONCURRENT) {
      const numbers = Array.from({ length: Math.min(CONCURRENT, ORDERS - from) }, (_, index) => from + index);
      await Promise.all(
        numbers.map(async (number) => {
          const id = await placeOrder(service.port, String(customers[number % customers.length]), number);
          await shipOrder(service.port, id);
        }),
      );
    }
    await service.settled();
    await client.db('admin').command({ fsync: 1 });
    const order = await storedIn(orders, 'customer.orders');
    return {
      orders: ORDERS,
      order,
      many: { orders: MANY_ORDERS, order: await storedOfMany(orders) },
      history: await storedIn(orders, 'order.history'),
      copy: await storedIn(orders, 'customers'),
      key: await storedIn(orders, 'customer.keys'),
      remembered: await remembered(service.port, orders, String(customers[0])),
    };
  } finally {
    await service.stop();
    await client.close();
  }
}

/**
 * Copies of an order, with ids in the order of their times, and of as many customers.
 * @param {import('mongodb').Db} db
 */
async function storedOfMany(db) {
  const orders = db.collection('customer.orders');
  const document = /** @type {any} */ (await orders.findOne());
  for (let from = 0; from < MANY_ORDERS; from += INSERTED) {
    const copies = Array.from({ length: INSERTED }, (_, index) => {
      const at = new Date(Date.UTC(2026, 0, 1) + (from + index) * 1_000);
      const [id, customerId, time] = [uuid7({ msecs: at.getTime() }), randomUUID(), at.toISOString()];
      return { ...document, _id: id, state: { ...document.state, id, customerId, createdAt: time, updatedAt: time } };
    });
    await orders.insertMany(copies);
  }
  await db.admin().command({ fsync: 1 });
  return storedIn(db, 'customer.orders');
}

/** @param {number} port @param {import('mongodb').Db} db @param {string} customerId */
async function remembered(port, db, customerId) {
  const id = await placeOrder(port, customerId, ORDERS, 'an-order-that-is-remembered');
  const size = async () => {
    const document = await db.collection('customer.orders').findOne({ _id: /** @type {any} */ (id) });
    return BSON.calculateObjectSize(document?.['commands'][0]);
  };
  const digests = await size();
  await shipOrder(port, id);
  return { digests, response: await size() };
}

/**
 * @param {import('mongodb').Db} db @param {string} name
 * @param {number} [owners] what the bytes are divided by; the number of documents unless given
 * @returns {Promise<Stored>}
 */
export async function storedIn(db, name, owners) {
  const { count, size, storageSize, totalIndexSize } = await db.command({ collStats: name });
  const number = owners ?? count;
  return { data: size / number, stored: storageSize / number, indexes: totalIndexSize / number };
}
