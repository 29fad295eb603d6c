// The tables of docs/capacity.md and of the command: what each size needs.
import { table } from '../report/markdown.mjs';
import { SOURCES } from './constants.mjs';
import { INPUTS, PRICE_PAGES, TIERS } from './inputs.mjs';
import {
  enoughUntil,
  exceeded,
  counts,
  dollars,
  kafka,
  limits,
  mongodb,
  processes,
  rebuilds,
  shardsFor,
} from './model.mjs';
import { NOT_MEASURED } from './figures.mjs';
import { about, amount, gigabytes, hours, many, optionOf, usd } from './words.mjs';

/** @typedef {import('./constants.mjs').Constants} Constants */
/** @typedef {import('./inputs.mjs').Inputs} Inputs */

/** The answer: a column for each size. @param {readonly Inputs[]} sizes @param {Constants} constants */
export function answerTable(sizes, constants) {
  const each = sizes.map((inputs) => ({
    count: counts(inputs),
    log: kafka(inputs, constants),
    data: mongodb(inputs, constants),
    run: processes(inputs, constants),
    rebuild: rebuilds(inputs, constants),
    cost: dollars(inputs, constants),
    broken: exceeded(limits(inputs, constants)),
  }));
  const row = (/** @type {string} */ label, /** @type {(size: (typeof each)[number]) => string} */ cell) => [
    label,
    ...each.map(cell),
  ];
  return table(
    ['', ...sizes.map(({ customers }) => `${many(customers)} customers`)],
    [
      row('events in the log', ({ count }) => many(count.events)),
      row('commands/s, mean and peak', ({ count }) => `${about(count.meanCommands)}, ${about(count.peakCommands)}`),
      row('Kafka: one replica, all', ({ log }) => `${gigabytes(log.one)}, ${gigabytes(log.all)}`),
      row('Kafka: disk to provide', ({ log }) => gigabytes(log.disk)),
      row('MongoDB: documents, indexes', ({ data }) => `${gigabytes(data.file)}, ${gigabytes(data.indexes)}`),
      row('MongoDB: disk of a member', ({ data }) => gigabytes(data.disk)),
      row('MongoDB: memory of a member', ({ data }) => gigabytes(data.memory)),
      row('MongoDB: Atlas', ({ data }) => {
        const { shards, tier } = shardsFor(data);
        return shards === 1 ? `a replica set ${tier.name}` : `${shards} shards ${tier.name}`;
      }),
      row('partitions of a topic', ({ run }) => about(run.partitions)),
      row('cores at the peak, pods of a module', ({ run }) => `${about(run.cores)}, ${run.pods}`),
      row('memory of all pods', ({ run }) => gigabytes(run.memoryGb)),
      row('replay with one worker: accounts, orders', ({ rebuild: { replayAccounts, replayOrders } }) =>
        [replayAccounts, replayOrders].map(hours).join(', '),
      ),
      row('verify: accounts, orders', ({ rebuild: { verifyAccounts, verifyOrders } }) =>
        [verifyAccounts, verifyOrders].map(hours).join(', '),
      ),
      row('verify since yesterday: accounts, orders', ({ rebuild: { sinceAccounts, sinceOrders } }) =>
        [sinceAccounts, sinceOrders].map(hours).join(', '),
      ),
      row('temporary folder of replay, verify', ({ rebuild: { replayDisk, verifyDisk } }) =>
        [replayDisk, verifyDisk].map(gigabytes).join(', '),
      ),
      row('Kafka, MongoDB, Kubernetes a month', ({ cost }) =>
        [cost.kafka, cost.mongodb, cost.kubernetes].map(usd).join(', '),
      ),
      row('**together a month**', ({ cost }) => `**${usd(cost.all)}**`),
      row('**breaks first**, and then', ({ broken: [first, ...others] }) =>
        first ? [`**${first.what}**`, ...others.map(({ what }) => what)].join('; ') : 'nothing',
      ),
    ],
    [0],
  );
}

/**
 * What the project allows as it is; bold where more is needed. All sizes differ in the number of customers alone.
 * @param {readonly Inputs[]} sizes @param {Constants} constants
 */
export function limitsTable(sizes, constants) {
  const each = sizes.map((inputs) => limits(inputs, constants));
  const rows = (each[0] ?? []).map(({ what, has, unit }, index) => [
    what,
    amount(has, unit),
    many(enoughUntil(what, /** @type {Inputs} */ (sizes[0]), constants)),
    ...each.map((all) => {
      const { need } = /** @type {import('./model.mjs').Limit} */ (all[index]);
      return need > has ? `**${amount(need, unit)}**` : amount(need, unit);
    }),
  ]);
  const needs = sizes.map(({ customers }) => `${many(customers)} need`);
  return table(['limit', 'there is', 'enough for customers', ...needs], rows, [0]);
}

/** Gigabytes by topic and by collection. @param {readonly Inputs[]} sizes @param {Constants} constants */
export function storageTable(sizes, constants) {
  const logs = sizes.map((inputs) => kafka(inputs, constants));
  const data = sizes.map((inputs) => mongodb(inputs, constants));
  const topic = (/** @type {string} */ name, /** @type {'customers' | 'orders' | 'keys'} */ part) => [
    `topic \`${name}\`, a replica`,
    ...logs.map((log) => gigabytes(log[part])),
  ];
  const collections = (data[0]?.collections ?? []).map(({ name }, index) => [
    `collection \`${name}\``,
    ...data.map((each) => {
      const { file, indexes } = /** @type {(typeof each)['collections'][number]} */ (each.collections[index]);
      return `${gigabytes(file)} + ${gigabytes(indexes)}`;
    }),
  ]);
  return table(
    ['', ...sizes.map(({ customers }) => many(customers))],
    [
      topic('accounts.customer.change', 'customers'),
      topic('orders.order.change', 'orders'),
      topic('accounts.customer.keys', 'keys'),
      ...collections,
      ['oplog, a day of the peak', ...data.map(({ oplog }) => gigabytes(oplog))],
      ['outbox, an hour of the peak without Kafka', ...data.map(({ outboxAnHour }) => gigabytes(outboxAnHour))],
    ],
    [0],
  );
}

/** @param {Constants} constants */
export function constantsTable(constants) {
  const rows = Object.entries(SOURCES).map(([name, { unit, command }]) => [
    `\`${name}\``,
    exact(constants[/** @type {import('./constants.mjs').ConstantName} */ (name)]),
    unit,
    `\`${command}\``,
  ]);
  return table(['constant', 'value', 'unit', 'measured by'], rows, [0, 2, 3]);
}

/** @param {number} value */
function exact(value) {
  return Number.isNaN(value) ? NOT_MEASURED : value.toLocaleString('en-US');
}

/** @param {Readonly<Record<string, import('./inputs.mjs').Input>>} inputs */
export function inputsTable(inputs) {
  const rows = Object.entries(inputs).map(([name, { value, unit, meaning }]) => [
    `\`--${optionOf(name)}\``,
    value.toLocaleString('en-US', { maximumFractionDigits: 4 }),
    unit,
    meaning,
  ]);
  return table(['option', 'default', 'unit', 'meaning'], rows, [0, 2, 3]);
}

export function pricePagesTable() {
  return table(
    ['price', 'page', 'read'],
    PRICE_PAGES.map(({ what, page, read }) => [what, `[${new URL(page).hostname}](${page})`, read]),
    [0, 1, 2],
  );
}

export function tiersLine() {
  return TIERS.map(({ name, memory, hour }) => `${name} ${memory} GB $${hour.toFixed(2)}`).join(', ');
}

/** The help of the command. */
export function optionLines() {
  return Object.entries(INPUTS).map(([name, { value, unit, meaning }]) => {
    const option = `--${optionOf(name)} ${value}`;
    return `  ${option.padEnd(30)} ${unit}: ${meaning}`;
  });
}
