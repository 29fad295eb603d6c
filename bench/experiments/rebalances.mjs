// How long partitions stand still when instances of orders come and go under a steady load.
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { MongoClient } from 'mongodb';
import { caughtUp, committedBy, endsOf, openAdmin, TOPIC } from '../load/log.mjs';
import { burst } from '../load/wrk.mjs';
import { startService } from '../processes.mjs';
import { median } from '../statistics.mjs';

const { partitionOf } = await import(new URL('../../dist/platform/kafka/partitioning.js', import.meta.url).href);

const GROUP = 'orders';
const CONNECTIONS = 32;
/** Milliseconds that a command takes at this rate, about. */
const LATENCY = 8;
/** Milliseconds between two samples. */
const PAUSE = 10;
/** Seconds of load before each event. */
const LEAD = 3;

/** @typedef {import('kafkajs').Admin} Admin */
/** @typedef {import('../load/log.mjs').Offsets} Offsets */
/** @typedef {'none' | 'added' | 'stopped' | 'killed'} Event */
/** @typedef {ReadonlyMap<number, string>} Owners members of the group, by partition */
/**
 * @typedef {object} Rebalance medians over the rounds
 * @property {Event} event
 * @property {number} moved partitions that another instance has after it
 * @property {number} longestStay milliseconds that one of the other partitions stood still; NaN if there is none
 * @property {number} longestMove milliseconds that one that moved stood still; NaN if there is none
 * @property {number} repeated events that were delivered twice; NaN where that cannot be counted
 */

/** Seconds of load after each event: longer than a session, for the instance that is killed. @type {Record<Event, number>} */
const SECONDS = { none: 10, added: 10, stopped: 10, killed: 25 };

/**
 * One instance of accounts, and two of orders, to which a third comes.
 * @param {NodeJS.ProcessEnv} env of servers with nothing on them
 * @param {{ rate: number, rounds: number, log: (line: string) => void }} options `rate`: commands a second
 * @returns {Promise<Rebalance[]>}
 */
export async function measureRebalances(env, { rate, rounds, log }) {
  const [accounts, orders] = [await startService('accounts', env), /** @type {World['orders']} */ ([])];
  const [admin, client] = [await openAdmin(env), await MongoClient.connect(String(env.MONGODB_URI))];
  const world = { env, admin, client, orders };
  /** @type {Record<Event, Rebalance[]>} */
  const measured = { none: [], added: [], stopped: [], killed: [] };
  try {
    for (let started = 0; started < 2; started += 1) orders.push(await startService('orders', env));
    await burst(accounts.port, { connections: CONNECTIONS, seconds: 10, delay: (CONNECTIONS / rate) * 1000 });
    /** @param {Event} event */
    const measure = async (event) => {
      await stable(admin, orders.length);
      await caughtUp(admin, GROUP);
      const before = { delivered: await deliveriesTo(orders), published: sum(await endsOf(admin)) };
      const seconds = LEAD + SECONDS[event];
      const delay = (CONNECTIONS / rate) * 1000 - LATENCY;
      const load = burst(accounts.port, { connections: CONNECTIONS, seconds, delay });
      await sleep(LEAD * 1000);
      const result = await under(load, event, world, before);
      log(`rebalances: ${JSON.stringify(result)}`);
      measured[event].push(result);
    };
    for (let round = 0; round < rounds; round += 1) {
      for (const event of /** @type {Event[]} */ (['none', 'added', 'stopped', 'added', 'killed']))
        await measure(event);
    }
  } finally {
    await Promise.all([accounts, ...orders].map((each) => each.stop()));
    await Promise.all([admin.disconnect(), client.close()]);
  }
  return Object.values(measured).map(mediansOf);
}

/**
 * @typedef {object} World
 * @property {NodeJS.ProcessEnv} env
 * @property {Admin} admin
 * @property {MongoClient} client
 * @property {import('../processes.mjs').Subject[]} orders
 */

/**
 * @param {Promise<unknown>} load @param {Event} event @param {World} world
 * @param {{ delivered: number, published: number }} counts events that the group had delivered and read before the load
 * @returns {Promise<Rebalance>}
 */
async function under(load, event, { env, admin, client, orders }, { delivered, published }) {
  const before = await ownersOf(admin);
  const watch = watchStandstills(admin);
  /** @type {Offsets} */
  let uncommitted = new Map();
  if (event === 'added') orders.push(await startService('orders', env));
  if (event === 'stopped') await orders.pop()?.stop();
  if (event === 'killed') {
    await orders.pop()?.kill();
    uncommitted = await appliedButNotCommitted(admin, client);
  }
  await load;
  await stable(admin, orders.length);
  const standstills = await watch.stop();
  const after = await ownersOf(admin);
  await caughtUp(admin, GROUP);
  const partitions = [...before.keys()];
  const moved = partitions.filter((each) => before.get(each) !== after.get(each));
  const longest = (/** @type {readonly number[]} */ some) =>
    some.length === 0 ? Number.NaN : Math.max(...some.map((each) => standstills.get(each) ?? 0));
  const members = new Set(after.values());
  const ofTheDead = partitions.filter((each) => !members.has(before.get(each) ?? ''));
  const repeated = {
    none: async () => (await deliveriesTo(orders)) - delivered - (sum(await endsOf(admin)) - published),
    added: async () => repeated.none(),
    // What the one that stopped had delivered to it last is not known.
    stopped: async () => Number.NaN,
    killed: async () => sum(ofTheDead.map((each) => uncommitted.get(each) ?? 0)),
  };
  return {
    event,
    moved: moved.length,
    longestStay: longest(partitions.filter((each) => !moved.includes(each))),
    longestMove: longest(moved),
    repeated: await repeated[event](),
  };
}

/**
 * Samples how far the group is, until it is stopped. A partition stands still while it has events that the group has
 * not committed, and the committed offset stays the same.
 * @param {Admin} admin
 */
function watchStandstills(admin) {
  const [longest, since] = [
    /** @type {Map<number, number>} */ (new Map()),
    /** @type {Map<number, number>} */ (new Map()),
  ];
  let committed = /** @type {Offsets} */ (new Map());
  const ended = new AbortController();
  const sampling = (async () => {
    while (!ended.signal.aborted) {
      const [ends, next] = [await endsOf(admin), await committedBy(admin, GROUP)];
      const now = performance.now();
      for (const [partition, end] of ends) {
        const offset = next.get(partition) ?? 0;
        const stands = offset === committed.get(partition) && offset < end;
        const began = since.get(partition) ?? now;
        longest.set(partition, Math.max(longest.get(partition) ?? 0, now - began));
        since.set(partition, stands ? began : now);
      }
      committed = next;
      await sleep(PAUSE);
    }
  })();
  return {
    stop: async () => {
      ended.abort();
      await sampling;
      return longest;
    },
  };
}

/** Resolves when the group has that many members, and all know their partitions. @param {Admin} admin @param {number} members */
async function stable(admin, members) {
  for (;;) {
    const group = await describe(admin);
    if (group?.state === 'Stable' && group.members.length === members) return;
    await sleep(100);
  }
}

/** @param {Admin} admin */
async function describe(admin) {
  return (await admin.describeGroups([GROUP])).groups[0];
}

/** @param {Admin} admin @returns {Promise<Owners>} */
async function ownersOf(admin) {
  const { members = [] } = (await describe(admin)) ?? {};
  return new Map(
    members.flatMap(({ memberId, memberAssignment }) => {
      const partitions = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment[TOPIC] ?? [];
      return partitions.map((partition) => /** @type {[number, string]} */ ([partition, memberId]));
    }),
  );
}

/**
 * Events by partition that have reached the copies, and whose offsets are not committed. All events are of new customers.
 * @param {Admin} admin @param {MongoClient} client @returns {Promise<Offsets>}
 */
async function appliedButNotCommitted(admin, client) {
  const committed = await committedBy(admin, GROUP);
  const applied = new Map([...committed.keys()].map((partition) => [partition, 0]));
  const customers = client.db('orders').collection('customers');
  for await (const { _id } of customers.find({}, { projection: { _id: 1 } })) {
    const partition = partitionOf(Buffer.from(String(_id)), committed.size);
    applied.set(partition, (applied.get(partition) ?? 0) + 1);
  }
  return new Map([...applied].map(([partition, count]) => [partition, count - (committed.get(partition) ?? 0)]));
}

/** Events that these instances handled since they started, repeated ones included. @param {World['orders']} instances */
async function deliveriesTo(instances) {
  const texts = await Promise.all(
    instances.map(async ({ managementPort }) => (await fetch(`http://127.0.0.1:${managementPort}/metrics`)).text()),
  );
  const lines = texts.flatMap((text) => text.split('\n'));
  const own = lines.filter(
    (line) =>
      line.startsWith('subscriber_events_total{') &&
      line.includes(`topic="${TOPIC}"`) &&
      line.includes(`group="${GROUP}"`) &&
      !line.includes('outcome="failed"'),
  );
  return sum(own.map((line) => Number(line.split(' ').at(-1))));
}

/** @param {readonly Rebalance[]} rounds @returns {Rebalance} */
function mediansOf(rounds) {
  const of = (/** @type {Exclude<keyof Rebalance, 'event'>} */ name) => median(rounds.map((each) => each[name]));
  const [first] = rounds;
  return {
    event: first?.event ?? 'none',
    moved: of('moved'),
    longestStay: of('longestStay'),
    longestMove: of('longestMove'),
    repeated: of('repeated'),
  };
}

/** @param {Offsets | readonly number[]} values */
function sum(values) {
  return [...values.values()].reduce((total, value) => total + value, 0);
}
