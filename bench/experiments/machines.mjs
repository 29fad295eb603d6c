// What more instances of both modules cost. On one machine they cannot be faster; they share its cores.
import { setTimeout as sleep } from 'node:timers/promises';
import { caughtUp, countEvents, endsOf, lagOf, openAdmin } from '../load/log.mjs';
import { burst } from '../load/wrk.mjs';
import { cpuMillisOf, startService } from '../processes.mjs';
import { connectionsTo } from '../sockets.mjs';

/** Of all instances together. */
const CONNECTIONS = { full: 64, steady: 32 };
/** Milliseconds that a command takes at the steady rate, about. */
const LATENCY = 8;
const WARM_UP_SECONDS = 8;
const STEADY_SECONDS = 15;
const IDLE_SECONDS = 5;

/** @typedef {import('../processes.mjs').Subject} Subject */
/** @typedef {{ kind: 'kafka' | 'mongodb', pid: number | undefined, port: number }} Server */
/** @typedef {{ mongodb: number, kafka: number, megabytes: number }} Needs connections of one instance, and its memory */
/**
 * @typedef {object} Instances
 * @property {number} instances of each module
 * @property {number} rate commands a second at full load
 * @property {number} refused
 * @property {number} lag events that orders had not consumed at the end of the full load
 * @property {number} drainedIn seconds until it had
 * @property {number} events in the log, of all loads
 * @property {number} duplicates those of them that were there already
 * @property {number} steadyRate commands a second at the same load for all
 * @property {number} micros CPU time of all services for each command at that load
 * @property {number} serverMicros CPU time of Kafka and MongoDB for each of these commands
 * @property {number} idleMillis CPU time of an instance for each idle second
 * @property {Needs} accounts
 * @property {Needs} orders
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ servers: readonly Server[], counts: readonly number[], rate: number, seconds: number, log: (line: string) => void }} options
 *   `rate`: commands a second of the steady load
 * @returns {Promise<Instances[]>}
 */
export async function measureInstances(env, { counts, log, ...options }) {
  const results = [];
  for (const instances of counts) {
    const result = await measure(env, instances, options);
    log(`machines: ${JSON.stringify(result)}`);
    results.push(result);
  }
  return results;
}

/**
 * @param {NodeJS.ProcessEnv} env @param {number} instances
 * @param {{ servers: readonly Server[], rate: number, seconds: number }} options
 * @returns {Promise<Instances>}
 */
async function measure(env, instances, { servers, rate: steady, seconds }) {
  const [accounts, orders] = [/** @type {Subject[]} */ ([]), /** @type {Subject[]} */ ([])];
  const admin = await openAdmin(env);
  try {
    for (let started = 0; started < instances; started += 1) {
      accounts.push(await startService('accounts', env));
      orders.push(await startService('orders', env));
    }
    const all = [...accounts, ...orders];
    const settled = () => Promise.all(all.map((each) => each.settled()));
    const servicesCpu = () => sum(all.map((each) => each.cpuMillis()));
    const serversCpu = () => sum(servers.map(({ pid }) => cpuMillisOf(pid)));
    const begin = await endsOf(admin);

    await burstOnAll(accounts, { connections: CONNECTIONS.full, seconds: WARM_UP_SECONDS });
    await caughtUp(admin, 'orders');
    await settled();
    const { rate, refused } = await burstOnAll(accounts, { connections: CONNECTIONS.full, seconds });
    const ended = performance.now();
    const lag = await lagOf(admin, 'orders');
    await caughtUp(admin, 'orders');
    const drainedIn = (performance.now() - ended) / 1000;
    await settled();

    const idle = servicesCpu();
    await sleep(IDLE_SECONDS * 1000);
    const idleMillis = (servicesCpu() - idle) / IDLE_SECONDS / all.length;

    const [services, theirServers] = [servicesCpu(), serversCpu()];
    const delay = (CONNECTIONS.steady / steady) * 1000 - LATENCY;
    const load = burstOnAll(accounts, { connections: CONNECTIONS.steady, seconds: STEADY_SECONDS, delay });
    await sleep(STEADY_SECONDS * 500);
    const needs = [accounts, orders].map((some) => some.map((each) => needsOf(each, servers)));
    const { rate: steadyRate } = await load;
    const commands = steadyRate * STEADY_SECONDS;
    const [micros, serverMicros] = [
      ((servicesCpu() - services) * 1000) / commands,
      ((serversCpu() - theirServers) * 1000) / commands,
    ];
    await caughtUp(admin, 'orders');
    const counted = await countEvents(env, begin, await endsOf(admin));
    const [ofAccounts, ofOrders] = needs.map(mostOf);
    return {
      ...{ instances, rate, refused, lag, drainedIn, ...counted, steadyRate, micros, serverMicros, idleMillis },
      ...{ accounts: /** @type {Needs} */ (ofAccounts), orders: /** @type {Needs} */ (ofOrders) },
    };
  } finally {
    await Promise.all([...accounts, ...orders].map((each) => each.stop()));
    await admin.disconnect();
  }
}

/**
 * The same share of a load on each instance.
 * @param {readonly Subject[]} instances
 * @param {{ connections: number, seconds: number, delay?: number }} load
 */
async function burstOnAll(instances, { connections, ...load }) {
  const share = { ...load, connections: Math.max(1, Math.round(connections / instances.length)) };
  const bursts = await Promise.all(instances.map(({ port }) => burst(port, share)));
  return { rate: sum(bursts.map(({ rate }) => rate)), refused: sum(bursts.map(({ refused }) => refused)) };
}

/** @param {Subject} instance @param {readonly Server[]} servers @returns {Needs} */
function needsOf(instance, servers) {
  const to = (/** @type {Server['kind']} */ wanted) =>
    connectionsTo(
      instance.pid,
      servers.flatMap(({ kind, port }) => (kind === wanted ? [port] : [])),
    );
  return { mongodb: to('mongodb'), kafka: to('kafka'), megabytes: instance.mostMegabytes() };
}

/** The most that any instance needs. @param {readonly Needs[]} needs @returns {Needs} */
function mostOf(needs) {
  const most = (/** @type {keyof Needs} */ name) => Math.max(...needs.map((each) => each[name]));
  return { mongodb: most('mongodb'), kafka: most('kafka'), megabytes: most('megabytes') };
}

/** @param {readonly number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
