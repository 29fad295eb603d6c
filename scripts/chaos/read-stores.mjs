import { MongoClient } from 'mongodb';
import { customerContent, digestOf, isPersonal, orderContent } from './facts.mjs';

/**
 * Reads all that both modules store.
 * @param {string} uri
 * @returns {Promise<import('./facts.mjs').Stores>}
 */
export async function readStores(uri) {
  const client = new MongoClient(uri, { readConcern: { level: 'majority' }, readPreference: 'primary' });
  try {
    const all = (/** @type {string} */ database, /** @type {string} */ collection) =>
      client.db(database).collection(collection).find({}).toArray();
    const [customers, customerHistory, orders, copies, orderHistory] = await Promise.all([
      all('accounts', 'customer.accounts'),
      all('accounts', 'customer.history'),
      all('orders', 'customer.orders'),
      all('orders', 'customers'),
      all('orders', 'order.history'),
    ]);
    return {
      customers: customers.map((each) => ({ ...storedOf(each), content: customerContent(each['state']) })),
      orders: orders.map((each) => ({
        ...storedOf(each),
        content: orderContent(each['state']),
        personal: isPersonal(each['state']),
      })),
      copies: copies.map(({ _id, version, state }) => ({
        ...{ id: String(_id), version, digest: digestOf(state) },
        erased: state.erased === true,
      })),
      customerHistory: customerHistory.map((each) =>
        recordedOf(each, each['state'] !== undefined && each['state'].erased !== true),
      ),
      orderHistory: orderHistory.map((each) => recordedOf(each, isPersonal(each['state']))),
    };
  } finally {
    await client.close();
  }
}

/** @param {import('mongodb').Document} document */
function storedOf({ _id, hash, pending }) {
  return { id: String(_id), hash, pending: pending?.length ?? 0 };
}

/** @param {import('mongodb').Document} document @param {boolean} personal */
function recordedOf({ id, version, eventId, hash, partition, offset, state }, personal) {
  const digest = state === undefined ? undefined : digestOf(state);
  return { id, version, eventId, hash, partition, offset, digest, personal };
}
