// The systems that are compared: the processes of each, and how to tell that its work is done.
import { setTimeout as sleep } from 'node:timers/promises';
import { burst } from './load/wrk.mjs';
import { cpuMillisOf, startBaseline, startService } from './processes.mjs';

/** Milliseconds. */
const MAX_TO_CATCH_UP = 120_000;
const POLL_INTERVAL_MS = 50;

/** @typedef {import('./processes.mjs').Subject} Subject */
/** @typedef {'accounts' | 'orders' | 'mongodb' | 'kafka'} Role who spends CPU time: two processes of a system, and the servers */
/** @typedef {Partial<Record<Role, number>>} CpuMicros of one command */
/** @typedef {{ kind: 'mongodb' | 'kafka', pid: number | undefined }} Server */
/**
 * @typedef {object} System
 * @property {Subject} accounts takes the commands
 * @property {Subject} [orders] copies the customers, and serves the copies
 * @property {string} [topic] which orders copies
 * @property {Server['kind'][]} servers which it uses
 * @property {() => Promise<number>} [copied] events that orders has copied so far, where its metrics do not tell
 */
/**
 * @typedef {object} Done what a load came to, once all of its work was done
 * @property {CpuMicros} cpu
 * @property {number} doneRate commands a second from the beginning of the load until its last event was copied
 * @property {number} [backlog] share of the events that orders had not copied at the end of the load
 * @property {number} [catchUpSeconds] from the end of the load until orders had copied all events
 */

/** The framework alone. @param {NodeJS.ProcessEnv} env @returns {Promise<System>} */
export async function startHttpOnly(env) {
  return { accounts: await startBaseline('http-only.mjs', env), servers: [] };
}

/** The naive dual write, and its consumer. @param {NodeJS.ProcessEnv} env @returns {Promise<System>} */
export async function startNaive(env) {
  const accounts = await startBaseline('naive-accounts.mjs', env);
  const orders = await startBaseline('naive-orders.mjs', env);
  return { accounts, orders, topic: 'naive.customers', servers: ['mongodb', 'kafka'] };
}

/** Emmett's event store behind Express, which publishes nothing. @param {NodeJS.ProcessEnv} env @returns {Promise<System>} */
export async function startEmmett(env) {
  return { accounts: await startBaseline('emmett/server.mjs', env), servers: ['mongodb'] };
}

/**
 * This project: both contexts, each in its own process.
 * @param {NodeJS.ProcessEnv} env
 * @param {(context: 'accounts' | 'orders') => NodeJS.ProcessEnv} [settings] more settings for each
 * @param {string} [folder] of another version of it
 * @returns {Promise<System>}
 */
export async function startOurs(env, settings = () => ({}), folder = undefined) {
  const start = (/** @type {'accounts' | 'orders'} */ name) =>
    startService(name, { ...env, ...settings(name) }, folder);
  const [accounts, orders] = [await start('accounts'), await start('orders')];
  return { accounts, orders, topic: 'accounts.customer.change', servers: ['mongodb', 'kafka'] };
}

/** @param {System} system */
export function processesOf({ accounts, orders }) {
  return orders ? [accounts, orders] : [accounts];
}

/** @param {System} system */
export async function settled(system) {
  await Promise.all(processesOf(system).map((each) => each.settled()));
}

/** @param {System} system */
export async function stopSystem(system) {
  await Promise.all(processesOf(system).map((each) => each.stop()));
}

/** Megabytes resident at most, of its processes together. @param {System} system */
export function mostMegabytes(system) {
  return processesOf(system).reduce((sum, each) => sum + each.mostMegabytes(), 0);
}

/**
 * Gives a system its turn: a load, and then the time until its consumer has copied each event, so that nobody's turn
 * begins before the work of the turn before is done.
 * @param {System} system @param {Server[]} servers @param {Parameters<typeof burst>[1]} load
 * @returns {Promise<import('./load/wrk.mjs').Burst & Done>}
 * @throws Error when no command succeeds, or events are still not copied after two minutes
 */
export async function turn(system, servers, load) {
  const [cpuBefore, copiedBefore] = [cpuOf(system, servers), await copiedBy(system)];
  const result = await burst(system.accounts.port, load);
  const ended = performance.now();
  const events = result.requests - result.refused;
  if (events === 0) throw new Error('no command succeeded: is the machine busy?');
  const missing = async () => Math.max(0, events - ((await copiedBy(system)) - copiedBefore));
  const left = await missing();
  while (system.orders && (await missing()) > 0) {
    if (performance.now() - ended > MAX_TO_CATCH_UP) throw new Error('the consumer has not caught up');
    await sleep(POLL_INTERVAL_MS);
  }
  const catchUpSeconds = (performance.now() - ended) / 1000;
  await settled(system);
  const cpu = perCommand(cpuBefore, cpuOf(system, servers), result.requests);
  const doneRate = events / (result.requests / result.rate + catchUpSeconds);
  return { ...result, cpu, doneRate, ...(system.orders && { backlog: left / events, catchUpSeconds }) };
}

/**
 * Returns the milliseconds that each connection has to wait for all of them to come to that many commands a second.
 * @param {System} system @param {{ connections: number, rate: number }} load
 */
export async function delayFor(system, { connections, rate }) {
  const cycle = (connections / rate) * 1_000;
  const { p50 } = await burst(system.accounts.port, { connections, seconds: 5, delay: cycle * 0.7 });
  await settled(system);
  return Math.max(1, cycle - p50);
}

/** Milliseconds of CPU time so far. @param {System} system @param {Server[]} servers @returns {Partial<Record<Role, number>>} */
function cpuOf({ accounts, orders, servers: used }, servers) {
  return {
    accounts: accounts.cpuMillis(),
    ...(orders && { orders: orders.cpuMillis() }),
    ...Object.fromEntries(used.map((kind) => [kind, cpuMillisOf(servers.find((each) => each.kind === kind)?.pid)])),
  };
}

/** @param {CpuMicros} before @param {CpuMicros} after both in milliseconds, in all @param {number} commands @returns {CpuMicros} */
function perCommand(before, after, commands) {
  const roles = /** @type {Role[]} */ (Object.keys(after));
  return Object.fromEntries(
    roles.map((role) => [role, (((after[role] ?? 0) - (before[role] ?? 0)) * 1_000) / commands]),
  );
}

/** Events that orders has copied, or skipped as older, since it started. @param {System} system */
async function copiedBy({ orders, topic, copied }) {
  if (copied) return copied();
  if (!orders) return 0;
  const metrics = await (await fetch(`http://127.0.0.1:${orders.managementPort}/metrics`)).text();
  const counts = [...metrics.matchAll(/^subscriber_events_total\{(.*)\} (\d+)/gm)];
  const handled = counts.filter(([, labels = '']) => labels.includes(`"${topic}"`) && !labels.includes('"failed"'));
  return handled.reduce((sum, [, , count]) => sum + Number(count), 0);
}
