// Words the bytes and the CPU time of an event: a part of docs/performance.md.
import { ms, ratio, table, whole } from './markdown.mjs';

/** @typedef {import('./markdown.mjs').Format} Format */

/** @param {import('../experiments/bytes.mjs').Bytes} bytes */
export function bytesPart({ node, kafka, commands, mongodb: { customers, changes, accounts, history, pending } }) {
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
    `Bytes in MongoDB, for each of ${whole(customers)} customers of version ${changes}. *Data file* and *indexes* are what \`collStats\` reports after a flush, so they include free space. An event that waits in the outbox takes ${whole(pending)} bytes in the document of its customer.`,
    table(
      ['collection', 'as BSON', 'data file', 'indexes'],
      [collection('customer.accounts', accounts), collection('customer.history', history)],
    ),
  ];
}
