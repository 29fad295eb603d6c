import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from './downloads.mjs';
import { freePort } from './ports.mjs';

/** @typedef {'kafka' | 'mongodb'} Kind */
/** @type {Kind[]} */
export const kinds = ['kafka', 'mongodb'];

/**
 * What a port of the first server of a kind is for; `kafkaTls` is where the clients of a secure instance go.
 * @typedef {'kafka' | 'controller' | 'kafkaTls' | 'mongodb'} Role
 */
/** @type {Record<Kind, Role[]>} */
const roles = { kafka: ['kafka', 'controller', 'kafkaTls'], mongodb: ['mongodb'] };

/** @typedef {Record<Kind, number>} Counts how many servers of each kind */
/**
 * What an instance remembers. Ports are kept from run to run, so that clients find a restarted server again; those of
 * the first server are under their role, those of the nth under `role-n`.
 * @typedef {{ counts: Counts, clusterId: string, ports: Record<string, number> }} State
 */

/**
 * One server of an instance.
 * @typedef {object} Node
 * @property {string} name `kafka-1`
 * @property {Kind} kind
 * @property {number} id from 1 on
 * @property {string} home its folder
 * @property {string} clusterId
 * @property {number} port for clients
 * @property {Partial<Record<Role, number>>} ports those of its kind
 */

/** @param {string | undefined} name */
export function locate(name = 'dev') {
  // The name becomes a folder that `wipe` deletes.
  if (!/^[a-z0-9][a-z0-9-]*$/i.test(name))
    throw new Error(`An instance name is made of letters, digits and '-', not "${name}".`);
  const folder = join(cache, 'instances', name);
  return { folder, lock: `${folder}.lock` };
}

/** @param {string} folder @param {Kind} kind @param {number} id */
export const homeOf = (folder, kind, id) => join(folder, id === 1 ? kind : `${kind}-${id}`);

/** The servers that the state tells of. @param {string} folder @param {State} state @param {Kind[]} chosen @returns {Node[]} */
export function nodesIn(folder, { counts, clusterId, ports }, chosen) {
  return chosen.flatMap((kind) =>
    idsUpTo(counts[kind]).map((id) => {
      const own = /** @type {Partial<Record<Role, number>>} */ (
        Object.fromEntries(roles[kind].map((role) => [role, ports[keyOf(role, id)]]))
      );
      return {
        name: `${kind}-${id}`,
        kind,
        id,
        home: homeOf(folder, kind, id),
        clusterId,
        port: Number(own[kind]),
        ports: own,
      };
    }),
  );
}

/** @param {string} folder @returns {State | undefined} undefined for an instance that never ran */
export function savedState(folder) {
  try {
    const one = { counts: { kafka: 1, mongodb: 1 }, clusterId: newClusterId() };
    return { ...one, ...JSON.parse(readFileSync(stateFile(folder), 'utf8')) };
  } catch {
    return undefined;
  }
}

/**
 * The state to start with, which is saved: how many servers there are is kept for as long as their data is, a port for
 * as long as it is free.
 * @param {string} folder
 * @param {Kind[]} chosen
 * @param {Partial<Record<Kind, number | undefined>>} wanted
 * @param {{ usual: Partial<Record<Role, number>>, preferred: Partial<Record<Role, number>> }} portsToTry those that come
 *   after, and those that come before, the ports that it had
 * @param {(node: Node) => boolean} runs
 * @param {(line: string) => void} log
 * @returns {Promise<State>}
 */
export async function prepareState(folder, chosen, wanted, { usual, preferred }, runs, log) {
  const saved = savedState(folder);
  const counts = { kafka: 1, mongodb: 1, ...saved?.counts };
  for (const kind of chosen) counts[kind] = countOf(folder, kind, saved?.counts[kind], wanted[kind]);
  const isNew = !existsSync(join(homeOf(folder, 'kafka', 1), 'data'));
  const clusterId = isNew || saved === undefined ? newClusterId() : saved.clusterId;
  const state = { counts, clusterId, ports: { ...saved?.ports } };
  for (const node of nodesIn(folder, state, kinds)) {
    const isKept = node.ports[node.kind] !== undefined && (!chosen.includes(node.kind) || runs(node));
    if (!isKept) await choosePorts(state.ports, node, { ...usual, ...saved?.ports, ...preferred }, log);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(stateFile(folder), `${JSON.stringify(state, undefined, 2)}\n`);
  return state;
}

/** @param {string} folder @param {Kind} kind @param {number | undefined} saved @param {number | undefined} wanted */
function countOf(folder, kind, saved, wanted) {
  if (!existsSync(homeOf(folder, kind, 1))) return wanted ?? 1;
  if (saved !== undefined && wanted !== undefined && saved !== wanted)
    throw new Error(`This instance has ${saved} of ${kind}, not ${wanted}: stop it with --wipe first.`);
  return saved ?? wanted ?? 1;
}

/**
 * @param {Record<string, number>} ports @param {Node} node @param {Record<string, number>} preferred
 * @param {(line: string) => void} log
 */
async function choosePorts(ports, { kind, id }, preferred, log) {
  for (const key of roles[kind].map((role) => keyOf(role, id))) {
    const wanted = preferred[key];
    ports[key] = await freePort(wanted, Object.values({ ...ports, [key]: 0 }));
    if (wanted !== undefined && wanted !== ports[key])
      log(`Port ${wanted} is taken by something else: the ${key} port is ${ports[key]}.`);
  }
}

/** @param {Role} role @param {number} id */
const keyOf = (role, id) => (id === 1 ? role : `${role}-${id}`);

/** @param {number} count */
const idsUpTo = (count) => Array.from({ length: count }, (_, index) => index + 1);

const newClusterId = () => randomBytes(11).toString('hex');

/** @param {string} folder */
const stateFile = (folder) => join(folder, 'state.json');
