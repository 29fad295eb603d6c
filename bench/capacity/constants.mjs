// What was measured: each constant with its place in docs/performance.md, and the command that measures it.
import { figuresIn } from './figures.mjs';

/** @typedef {import('./figures.mjs').Place} Place */
/** @typedef {{ unit: string, place: Place, command: string }} Source */

const bench = (/** @type {string} */ part) => `npm run bench -- --only ${part}`;

/** Batches of which the bytes of an event were measured. */
export const BATCHES = [1, 10, 83];

/** @param {string} column @param {number} batch @returns {Source} */
const inKafka = (column, batch) => ({
  unit: 'bytes',
  place: { section: 'Bytes', column, row: [String(batch)] },
  command: bench('bytes'),
});
/** @param {string} row @param {'as BSON' | 'data file' | 'indexes'} column @returns {Source} */
const inMongoDb = (row, column) => ({
  unit: 'bytes',
  place: { section: 'Bytes', column, row: [row] },
  command: bench('bytes'),
});
/** @param {string} row @param {string} column @param {string} unit @returns {Source} */
const rebuilding = (row, column, unit) => ({
  unit,
  place: { section: 'Replay', column, row: [row] },
  command: bench('replay'),
});

/** @template {string} Name @param {Name} name @param {string} column */
function byBatch(name, column) {
  return /** @type {Record<`${Name}.${1 | 10 | 83}`, Source>} */ (
    Object.fromEntries(BATCHES.map((batch) => [`${name}.${batch}`, inKafka(column, batch)]))
  );
}
/** @template {string} Name @param {Name} name @param {string} collection */
function stored(name, collection) {
  return /** @type {Record<`${Name}.${'bson' | 'file' | 'indexes'}`, Source>} */ ({
    [`${name}.bson`]: inMongoDb(collection, 'as BSON'),
    [`${name}.file`]: inMongoDb(collection, 'data file'),
    [`${name}.indexes`]: inMongoDb(collection, 'indexes'),
  });
}

export const SOURCES = {
  ...byBatch('customerEvent', 'zstd, bytes'),
  ...byBatch('orderEvent', 'orders.order.change, bytes'),
  ...byBatch('keyRecord', 'accounts.customer.keys, bytes'),
  ...stored('account', 'customer.accounts'),
  // With a million customers: two thousand documents have more free space in their indexes.
  'account.indexes': /** @type {Source} */ ({
    unit: 'bytes',
    place: { section: 'Many customers', column: 'indexes', row: [] },
    command: bench('scale'),
  }),
  // Of a customer with that many versions.
  ...stored('accountHistory', 'customer.history'),
  accountVersions: /** @type {Source} */ ({
    unit: 'versions',
    place: { section: 'Bytes', sentence: /customers of version (\d+)/ },
    command: bench('bytes'),
  }),
  ...stored('order', 'customer.orders, 200,000 of them'),
  ...stored('orderHistory', 'order.history'),
  ...stored('copy', 'customers'),
  ...stored('key', 'customer.keys'),
  pendingEvent: inMongoDb('an event that waits in the outbox, of a customer', 'as BSON'),
  rememberedCommand: inMongoDb('a remembered command, of an order', 'as BSON'),
  commandMicros: /** @type {Source} */ ({
    unit: 'µs of CPU time',
    place: { section: 'Bytes', column: 'CPU time, µs', row: ['zstd'] },
    command: bench('bytes'),
  }),
  consumedPerSecond: /** @type {Source} */ ({
    unit: 'events/s',
    place: { section: 'Catching up with a backlog', column: 'this project, events/s', row: [] },
    command: bench('drain'),
  }),
  replayedPerSecond: rebuilding('replay', 'events/s', 'events/s'),
  replayScratch: rebuilding('replay', 'bytes of an event on disk', 'bytes'),
  verifiedPerSecond: rebuilding('verify', 'events/s', 'events/s'),
  verifyScratch: rebuilding('verify', 'bytes of an event on disk', 'bytes'),
  lookedAtPerSecond: rebuilding('verify', 'customers/s', 'customers/s'),
  podMegabytes: /** @type {Source} */ ({
    unit: 'MB',
    place: { section: 'The process', column: '', row: ['memory, under load'] },
    command: bench('commands,start'),
  }),
};

/** @typedef {keyof typeof SOURCES} ConstantName */
/** @typedef {Readonly<Record<ConstantName, number>>} Constants */

/** @param {string} performance docs/performance.md @returns {Constants} */
export function constantsIn(performance) {
  const figure = figuresIn(performance);
  const entries = Object.entries(SOURCES).map(([name, { place }]) => [name, figure(place)]);
  return /** @type {Constants} */ (Object.fromEntries(entries));
}
