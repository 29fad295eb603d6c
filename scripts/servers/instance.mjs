import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { missingPrerequisite } from './downloads.mjs';
import { exclusively } from './lock.mjs';
import { answers, isPaused, labelOf, runningOf, runs, servers, startNode, stopNode, untilUsable } from './node.mjs';
import { masterKeysIn } from './master-keys.mjs';
import { clientSettings, security } from './security.mjs';
import { kinds, locate, nodesIn, prepareState, savedState } from './state.mjs';

export { kinds };

/** Returns the file of master keys of an instance. @param {string} name */
export const masterKeysOf = (name) => masterKeysIn(locate(name).folder);

/** @typedef {import('./state.mjs').Kind} Kind */
/** @typedef {import('./state.mjs').Node} Node */
/** @typedef {import('./node.mjs').Secured} Secured */
/** @typedef {import('./node.mjs').Log} Log */
/** @typedef {{ name?: string | undefined, only?: Kind | undefined, log?: Log | undefined }} Choice */
/**
 * What there is to start: `brokers` of Kafka and `members` of the replica set (1 of each, or as many as the instance has
 * already); `secure`, for an instance of one of each from its first start on: with TLS, and only for those who know the
 * password.
 * @typedef {object} Wishes
 * @property {number | undefined} [brokers]
 * @property {number | undefined} [members]
 * @property {boolean | undefined} [secure]
 * @property {Partial<Record<import('./state.mjs').Role, number>>} [ports] those of the first server of a kind
 */

/** The machine lacks something: nothing is wrong with the servers. */
export class PrerequisiteMissing extends Error {}

/**
 * Starts what does not run yet and returns when all of it can be used. A server that is paused is not waited for.
 * @param {Choice & Wishes} [choice]
 * @returns {Promise<{ kafka: string, mongodb: string, started: boolean, secured: Secured, masterKeys: string, servers: ReturnType<typeof runningOf>[] }>}
 *   the addresses, whether anything had to be started, the file of master keys, and what runs
 * @throws Error when the instance has another number of servers
 */
export async function startServers({ name = 'dev', only, log = () => {}, secure = false, ...choice } = {}) {
  const { folder, lock } = locate(name);
  const chosen = only === undefined ? kinds : [only];
  if (savedState(folder) === undefined || !savedNodes(folder, only).every(runs)) await install(chosen, log);
  return exclusively(lock, async () => {
    const usual = name === 'dev' ? { kafka: 9092, mongodb: 27017 } : {};
    const wanted = { kafka: choice.brokers, mongodb: choice.members };
    const state = await prepareState(folder, chosen, wanted, { usual, preferred: choice.ports ?? {} }, runs, log);
    const [all, nodes] = [nodesIn(folder, state, kinds), nodesIn(folder, state, chosen)];
    if (secure && all.length > kinds.length) throw new Error('Secure servers are one of each kind.');
    const secured = secure ? await security(securityFolder(folder)) : undefined;
    const idle = nodes.filter((node) => !runs(node));
    const outcomes = await Promise.allSettled(
      nodes.map(async (node) => {
        if (isPaused(node)) return log(`${labelOf(node, all)} is paused.`);
        if (idle.includes(node)) await startNode(node, all, secured, log);
        await untilUsable(node, all, secured);
        const { label, port, pid } = runningOf(node, all);
        log(`${label} ${idle.includes(node) ? 'runs' : 'already runs'} on 127.0.0.1:${port} (pid ${pid}).`);
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const running = nodes.map((node) => runningOf(node, all));
    const masterKeys = masterKeysIn(folder);
    return { ...addresses(all, secured), started: idle.length > 0, secured, masterKeys, servers: running };
  });
}

/**
 * Stops what runs; with `wipe`, deletes its data as well.
 * @param {Choice & { wipe?: boolean | undefined, signal?: NodeJS.Signals }} [choice]
 * @returns {Promise<void>}
 */
export async function stopServers({ name, only, wipe = false, signal = 'SIGTERM', log = () => {} } = {}) {
  const { folder, lock } = locate(name);
  await exclusively(lock, async () => {
    const nodes = savedNodes(folder, only);
    await Promise.all(nodes.map((node) => stopNode(node, nodes, signal, log)));
    if (!wipe) return;
    for (const unwanted of only === undefined ? [folder] : nodes.map(({ home }) => home)) {
      rmSync(unwanted, { recursive: true, force: true });
      log(`Deleted ${unwanted}.`);
    }
  });
}

/**
 * What there is of an instance, server by server, and the addresses if it ever ran.
 * @param {Choice} [choice]
 */
export async function serversStatus({ name, only } = {}) {
  const { folder } = locate(name);
  const nodes = savedNodes(folder, only);
  const secured = existsSync(securityFolder(folder)) ? await security(securityFolder(folder)) : undefined;
  const details = nodes.map(async (node) => {
    const paused = isPaused(node);
    return { ...runningOf(node, nodes), paused, answers: !paused && runs(node) && (await answers(node, secured)) };
  });
  const ran = savedState(folder) !== undefined;
  return { servers: await Promise.all(details), ...(ran && addresses(savedNodes(folder), secured)), secured };
}

/**
 * Starts one server again in a controlled way, and returns when it can be used.
 * @param {string} server @param {Choice} [choice]
 * @throws Error when the instance has no such server, as the others below
 */
export async function restartServer(server, { name, log = () => {} } = {}) {
  const { folder, lock } = locate(name);
  await exclusively(lock, async () => {
    const { node, all } = find(folder, server);
    const secured = existsSync(securityFolder(folder)) ? await security(securityFolder(folder)) : undefined;
    await stopNode(node, all, 'SIGTERM', log);
    await startNode(node, all, secured, log);
    await untilUsable(node, all, secured);
  });
}

/** Ends one server as a crash does. @param {string} server @param {Choice} [choice] */
export async function killServer(server, { name, log = () => {} } = {}) {
  const { node, all } = find(locate(name).folder, server);
  await stopNode(node, all, 'SIGKILL', log);
}

/** Has one server stall: it keeps its connections and answers nothing. @param {string} server @param {Choice} [choice] */
export async function pauseServer(server, { name, log } = {}) {
  signalServer(server, 'SIGSTOP', name, log);
}

/** Has a paused server go on. @param {string} server @param {Choice} [choice] */
export async function continueServer(server, { name, log } = {}) {
  signalServer(server, 'SIGCONT', name, log);
}

/** @param {string} server @param {NodeJS.Signals} signal @param {string | undefined} name @param {Log} [log] */
function signalServer(server, signal, name, log) {
  const { node, all } = find(locate(name).folder, server);
  const { label, pid } = runningOf(node, all);
  if (pid === undefined) throw new Error(`${label} does not run.`);
  process.kill(pid, signal);
  log?.(`Sent ${signal} to ${label} (pid ${pid}).`);
}

/** @param {string} folder @param {string} server */
function find(folder, server) {
  const all = savedNodes(folder);
  const node = all.find(({ name }) => name === server);
  if (node === undefined)
    throw new Error(`There is no "${server}"; there are ${all.map(({ name }) => name).join(', ')}.`);
  return { node, all };
}

/** @param {Kind[]} chosen @param {Log} log */
async function install(chosen, log) {
  const missing = missingPrerequisite(chosen);
  if (missing !== undefined) throw new PrerequisiteMissing(missing);
  await Promise.all(chosen.map((kind) => servers[kind].install(log)));
}

/** @param {string} folder @param {Kind | undefined} [only] */
function savedNodes(folder, only) {
  const state = savedState(folder) ?? { counts: { kafka: 1, mongodb: 1 }, clusterId: '', ports: {} };
  return nodesIn(folder, state, only === undefined ? kinds : [only]);
}

/**
 * What connects this project's processes to an instance.
 * @param {string | undefined} name @param {{ kafka: string, mongodb: string }} addresses @param {Secured} secured
 * @returns {Record<string, string>}
 */
export function settingsFor(name, { kafka, mongodb }, secured) {
  const { folder } = locate(name);
  const MASTER_KEYS_FILE = masterKeysIn(folder);
  if (secured === undefined) return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, MASTER_KEYS_FILE };
  return { ...clientSettings(securityFolder(folder), { kafka, mongodb }, secured), MASTER_KEYS_FILE };
}

/** @param {Node[]} nodes @param {Secured} secured */
function addresses(nodes, secured) {
  const portsOf = (/** @type {import('./state.mjs').Role} */ role) =>
    nodes.flatMap(({ ports }) => (ports[role] === undefined ? [] : [ports[role]]));
  const at = (/** @type {string} */ host, /** @type {number[]} */ ports) =>
    ports.map((port) => `${host}:${port}`).join(',');
  if (secured === undefined)
    return {
      kafka: at('127.0.0.1', portsOf('kafka')),
      mongodb: `mongodb://${at('127.0.0.1', portsOf('mongodb'))}/?replicaSet=rs0`,
    };
  const login = `${secured.user}:${encodeURIComponent(secured.password)}`;
  const options = `replicaSet=rs0&tls=true&tlsCAFile=${encodeURIComponent(secured.ca)}`;
  return {
    kafka: at('localhost', portsOf('kafkaTls')),
    mongodb: `mongodb://${login}@${at('localhost', portsOf('mongodb'))}/?${options}`,
  };
}

/** @param {string} folder */
const securityFolder = (folder) => join(folder, 'security');
