import { MongoClient } from 'mongodb';
import { customerContent, digestOf, isPersonal, orderContent } from './facts.mjs';

/**
 * Reads all that both modules store.
 * @param {string} uri
 * @param {Pick<import('./open-log.mjs').LogOpener, 'openHistory'>} opener that has read the keys
 * @returns {Promise<import('./facts.mjs').Stores>}
 */
export async function readStores(uri, opener) {
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
    const openedOf = async (/** @type {import('./facts.mjs').Kind} */ kind, /** @type {any[]} */ entries) => {
      const opened = await opener.openHistory(kind, entries);
      return entries.map((entry, index) => recordedOf(entry, opened[index].state, isInClear(kind, entry.state)));
    };
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
      customerHistory: await openedOf('customer', customerHistory),
      orderHistory: await openedOf('order', orderHistory),
    };
  } finally {
    await client.close();
  }
}

/** @param {import('mongodb').Document} document */
function storedOf({ _id, hash, pending }) {
  return { id: String(_id), hash, pending: pending?.length ?? 0 };
}

/** @param {import('mongodb').Document} document @param {unknown} state opened @param {boolean} personal */
function recordedOf({ id, version, eventId, hash, partition, offset }, state, personal) {
  const digest = state === undefined ? undefined : digestOf(state);
  return { id, version, eventId, hash, partition, offset, digest, personal };
}

/** Whether a state holds the person, as it is stored. @param {import('./facts.mjs').Kind} kind @param {any} state */
function isInClear(kind, state) {
  return kind === 'order' ? isPersonal(state) : state?.name !== undefined || state?.contact !== undefined;
}
