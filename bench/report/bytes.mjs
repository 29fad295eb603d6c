// Words the bytes and the CPU time of an event: a part of docs/performance.md.
import { ms, ratio, table, whole } from './markdown.mjs';

/** @typedef {import('./markdown.mjs').Format} Format */

/** @param {import('../experiments/bytes.mjs').Bytes} bytes */
export function bytesPart({ node, kafka, others, commands, mongodb, orders }) {
  const { customers, changes, accounts, history, pending } = mongodb;
  const names = commands.map(({ compression }) => compression);
  const batches = [...new Set(kafka.map(({ batch }) => batch))];
  const of = (/** @type {number} */ batch, /** @type {string} */ name) =>
    kafka.find((each) => each.batch === batch && each.compression === name);
  const head = (/** @type {string} */ what) => ['events in a batch', ...names.map((name) => `${name}, ${what}`)];
  const rows = (/** @type {'bytes' | 'produceMicros' | 'consumeMicros'} */ what, /** @type {Format} */ format) =>
    batches.map((batch) => [whole(batch), ...names.map((name) => format(of(batch, name)?.[what] ?? Number.NaN))]);
  const collection = (/** @type {string} */ name, /** @type {typeof accounts} */ { data, stored, indexes }) => [
    name,
    ...[data, stored, indexes].map((value) => whole(value)),
  ];
  return [
    `Measured with Node.js ${node}; \`zstd\` needs 22.15 or later to be written. The events are those that the service publishes for new customers. \`npm run bench -- --only bytes\` measures this part again ([why batches are compressed](decisions/0016-compressed-batches.md)).`,
    `Bytes of an event in Kafka's segment files:`,
    table(head('bytes'), rows('bytes', whole), []),
    `Bytes of a record of the other topics, with ${others.compression}. An order here has two items:`,
    table(
      ['events in a batch', 'orders.order.change, bytes', 'accounts.customer.keys, bytes'],
      batches.map((batch) => [
        whole(batch),
        ...others.records.filter((each) => each.batch === batch).map(({ bytes }) => whole(bytes)),
      ]),
      [],
    ),
    `CPU time of an event in a process that only publishes, or only reads, with the Kafka client and its checksums, in microseconds:`,
    table(head('publish'), rows('produceMicros', ms), []),
    table(head('read'), rows('consumeMicros', ms), []),
    `The service at 64 connections, in turns. The CPU time of a command includes the relay and the projection of the history:`,
    table(
      ['compression', 'commands/s', 'CPU time, µs', 'ratio to none'],
      commands.map(({ compression, rate, cpuMicros, ratio: toNone }) => [
        compression,
        ...[rate, cpuMicros].map((value) => whole(value)),
        ratio(toNone),
      ]),
    ),
    `Bytes in MongoDB, for each of ${whole(customers)} customers of version ${changes}. *Data file* and *indexes* are what \`collStats\` reports after a flush, so they include free space.`,
    table(
      ['collection', 'as BSON', 'data file', 'indexes'],
      [collection('customer.accounts', accounts), collection('customer.history', history)],
    ),
    ...ordersPart(orders, pending, collection),
  ];
}

/**
 * @param {import('../experiments/order-bytes.mjs').OrderBytes} orders @param {number} pending
 * @param {(name: string, stored: import('../experiments/bytes.mjs').Stored) => string[]} collection
 */
function ordersPart({ orders, order, many, history, copy, key, remembered }, pending, collection) {
  return [
    `The same in the database of orders, for each document, with ${whole(orders)} orders that were placed and shipped:`,
    table(
      ['collection', 'as BSON', 'data file', 'indexes'],
      [
        collection('customer.orders', order),
        collection(`customer.orders, ${whole(many.orders)} of them`, many.order),
        collection('order.history', history),
        collection('customers', copy),
        collection('customer.keys', key),
      ],
    ),
    `What else may be in the document of an aggregate. The response of a command is kept once the aggregate has changed again:`,
    table(
      ['part', 'as BSON'],
      [
        ['an event that waits in the outbox, of a customer', whole(pending)],
        ['a remembered command, of an order', whole(remembered.digests)],
        ['a remembered command with its response', whole(remembered.response)],
      ],
    ),
  ];
}
