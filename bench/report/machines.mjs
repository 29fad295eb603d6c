// Words what more instances cost, and what happens when they come and go: parts of docs/performance.md.
import { ms, ratio, table, whole } from './markdown.mjs';

/** @param {readonly import('../experiments/machines.mjs').Instances[]} results */
export function machinesPart(results) {
  const [one] = results;
  const full = results.map(({ instances, rate, refused, lag, drainedIn, events, duplicates }) => [
    whole(instances),
    ...[rate, refused, lag].map((value) => whole(value)),
    ms(drainedIn),
    ...[duplicates, events].map((value) => whole(value)),
  ]);
  const steady = results.map(({ instances, steadyRate, micros, serverMicros, idleMillis }) => [
    whole(instances),
    ...[steadyRate, micros].map((value) => whole(value)),
    ratio(micros / (one?.micros ?? Number.NaN)),
    whole(serverMicros),
    ms(idleMillis),
  ]);
  const needs = results.map(({ instances, accounts, orders }) => [
    whole(instances),
    ...[accounts, orders].flatMap(({ mongodb, kafka, megabytes }) =>
      [mongodb, kafka, megabytes].map((it) => whole(it)),
    ),
  ]);
  return [
    `Three brokers, a replica set of three members, and so many instances of accounts and of orders each, **all on the machine above**. So more of them cannot be faster: what this shows is that they need no coordination, and what each costs.`,
    `At full load (64 connections, shared by the instances of accounts). *Lag*: events that orders had not consumed at the end; *duplicates*: events that were published twice, of all in the log:`,
    table(['instances', 'commands/s', 'errors', 'lag', 'consumed after, s', 'duplicates', 'events'], full, []),
    `At an equal load. The CPU time of a command is that of all services, the relay and the consumers included; that of the servers is for Kafka and MongoDB, all replicas. *Idle* is the CPU time of one instance without any load:`,
    table(
      [
        'instances',
        'commands/s',
        'CPU time, µs',
        'ratio to the first',
        'CPU time of the servers, µs',
        'idle, ms in a second',
      ],
      steady,
      [],
    ),
    `What an instance needs, at that load; memory is the most since its start:`,
    table(
      [
        'instances',
        ...['accounts', 'orders'].flatMap((name) => [
          `${name}: connections to MongoDB`,
          `${name}: to Kafka`,
          `${name}: MB`,
        ]),
      ],
      needs,
      [],
    ),
  ];
}

const EVENTS = {
  none: 'none',
  added: 'an instance is added',
  stopped: 'an instance is stopped (SIGTERM)',
  killed: 'an instance is killed (SIGKILL)',
};

/** @param {readonly import('../experiments/rebalances.mjs').Rebalance[]} results */
export function rebalancesPart(results) {
  const known = (/** @type {number} */ value, /** @type {import('./markdown.mjs').Format} */ format) =>
    Number.isNaN(value) ? '' : format(value);
  const rows = results.map(({ event, moved, longestStay, longestMove, repeated }) => [
    EVENTS[event],
    whole(moved),
    known(longestStay, ms),
    known(longestMove, ms),
    known(repeated, whole),
  ]);
  return [
    `One instance of accounts and two of orders on the same servers, at 200 commands/s: a third comes, stops and comes again, and one of three is killed. A partition stands still while it has events that orders has not committed, and the committed offset does not move. *Delivered twice*: events that were consumed again, which their version makes harmless; of an instance that stops, this cannot be counted.`,
    table(
      ['event', 'partitions that move', 'longest standstill, others, ms', 'those that move, ms', 'delivered twice'],
      rows,
    ),
  ];
}
