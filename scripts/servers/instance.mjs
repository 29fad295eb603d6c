import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cache, lastLines, missingPrerequisite } from './downloads.mjs';
import { kafka } from './kafka.mjs';
import { exclusively } from './lock.mjs';
import { mongodb } from './mongodb.mjs';
import { freePort } from './ports.mjs';
import { launch, logFile, recordedPid, runningPid, terminate } from './process.mjs';
import { clientSettings, security } from './security.mjs';

/** @typedef {'kafka' | 'mongodb'} Kind */
/**
 * Kafka listens for the clients of a secure instance on a port of their own.
 * @typedef {{ kafka: number, controller: number, mongodb: number, kafkaTls: number }} Ports
 */
/** @typedef {import('./security.mjs').Security | undefined} Secured undefined for servers that let everybody in */
/** @typedef {(line: string) => void} Log */
/** @typedef {{ name?: string | undefined, only?: Kind | undefined, log?: Log | undefined }} Choice */
/**
 * @typedef {object} Server
 * @property {string} label
 * @property {(log: Log) => Promise<void>} install
 * @property {(home: string) => string} signature what its command line ends with, and no other process's does
 * @property {(home: string, ports: Ports, secured: Secured) => Promise<{ file: string, args: string[], env: NodeJS.ProcessEnv }>} command
 * @property {(ports: Ports, secured: Secured) => Promise<boolean>} answers whether it can be used; rejects when it does not even listen
 * @property {(ports: Ports, secured: Secured) => Promise<void>} form tells a server that listens what it lacks to be usable
 */

/** @type {Record<Kind, Server>} */
const servers = { kafka, mongodb };
/** @type {Kind[]} */
export const kinds = ['kafka', 'mongodb'];

const usableWithinMs = 120_000;

/** The machine lacks something: nothing is wrong with the servers. */
export class PrerequisiteMissing extends Error {}

/**
 * Starts what does not run yet and returns when all of it can be used.
 * @param {Choice & { ports?: Partial<Ports>, secure?: boolean | undefined }} [choice] `secure`, for an instance from its
 *   first start on: with TLS, and only for those who know the password
 * @returns {Promise<{ kafka: string, mongodb: string, started: boolean, secured: Secured }>} the addresses, and whether anything had to be started
 */
export async function startServers({ name = 'dev', only, log = () => {}, ports: wanted = {}, secure = false } = {}) {
  const { folder, lock, chosen } = locate(name, only);
  if (idleOf(folder, chosen).length > 0) await install(chosen, log);
  return exclusively(lock, async () => {
    const idle = idleOf(folder, chosen);
    const secured = secure ? await security(securityFolder(folder)) : undefined;
    const usual = name === 'dev' ? { kafka: 9092, mongodb: 27017 } : {};
    const ports = await choosePorts(folder, idle, { ...usual, ...savedPorts(folder), ...wanted }, log);
    const outcomes = await Promise.allSettled(
      chosen.map(async (kind) => {
        if (idle.includes(kind)) await startOne(folder, kind, ports, secured, log);
        await untilUsable(folder, kind, ports, secured);
        const runs = idle.includes(kind) ? 'runs' : 'already runs';
        log(`${servers[kind].label} ${runs} on 127.0.0.1:${ports[kind]} (pid ${pidOf(folder, kind)}).`);
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return { ...addresses(ports, secured), started: idle.length > 0, secured };
  });
}

/**
 * Stops what runs; with `wipe`, deletes its data as well.
 * @param {Choice & { wipe?: boolean | undefined, signal?: NodeJS.Signals }} [choice]
 * @returns {Promise<void>}
 */
export async function stopServers({ name, only, wipe = false, signal = 'SIGTERM', log = () => {} } = {}) {
  const { folder, lock, chosen } = locate(name, only);
  await exclusively(lock, async () => {
    await Promise.all(
      chosen.map(async (kind) => {
        const pid = await terminate(...processOf(folder, kind), signal);
        log(
          pid === undefined
            ? `${servers[kind].label} was not running.`
            : `Stopped ${servers[kind].label} (pid ${pid}).`,
        );
      }),
    );
    if (!wipe) return;
    const unwanted = only === undefined ? folder : join(folder, only);
    rmSync(unwanted, { recursive: true, force: true });
    log(`Deleted ${unwanted}.`);
  });
}

/**
 * What there is of an instance, server by server, and the addresses if it ever ran.
 * @param {Choice} [choice]
 */
export async function serversStatus({ name, only } = {}) {
  const { folder, chosen } = locate(name, only);
  const saved = savedPorts(folder);
  const ports = 'kafka' in saved ? saved : undefined;
  const secured = existsSync(securityFolder(folder)) ? await security(securityFolder(folder)) : undefined;
  const details = chosen.map(async (kind) => {
    const pid = pidOf(folder, kind);
    const answers =
      pid !== undefined && ports !== undefined && (await servers[kind].answers(ports, secured).catch(() => false));
    return { label: servers[kind].label, pid, answers, port: ports?.[kind], data: join(folder, kind, 'data') };
  });
  return { servers: await Promise.all(details), ...(ports && addresses(ports, secured)), secured };
}

/** @param {string | undefined} name @param {Kind | undefined} only */
function locate(name = 'dev', only) {
  // The name becomes a folder that `wipe` deletes.
  if (!/^[a-z0-9][a-z0-9-]*$/i.test(name))
    throw new Error(`An instance name is made of letters, digits and '-', not "${name}".`);
  const folder = join(cache, 'instances', name);
  return { folder, lock: `${folder}.lock`, chosen: only === undefined ? kinds : [only] };
}

/** @param {Kind[]} chosen @param {Log} log */
async function install(chosen, log) {
  const missing = missingPrerequisite(chosen);
  if (missing !== undefined) throw new PrerequisiteMissing(missing);
  await Promise.all(chosen.map((kind) => servers[kind].install(log)));
}

/** @param {string} folder @param {Kind} kind @returns {[home: string, signature: string]} */
function processOf(folder, kind) {
  const home = join(folder, kind);
  return [home, servers[kind].signature(home)];
}

/** @param {string} folder @param {Kind} kind */
const pidOf = (folder, kind) => runningPid(...processOf(folder, kind));

/** @param {string} folder @param {Kind[]} chosen */
const idleOf = (folder, chosen) => chosen.filter((kind) => pidOf(folder, kind) === undefined);

/**
 * What connects this project's processes to an instance.
 * @param {string | undefined} name @param {{ kafka: string, mongodb: string }} addresses @param {Secured} secured
 * @returns {Record<string, string>}
 */
export function settingsFor(name, { kafka, mongodb }, secured) {
  if (secured === undefined) return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb };
  return clientSettings(securityFolder(locate(name, undefined).folder), { kafka, mongodb }, secured);
}

/** @param {Ports} ports @param {Secured} secured */
function addresses({ kafka: kafkaPort, mongodb: mongodbPort, kafkaTls }, secured) {
  if (secured === undefined)
    return { kafka: `127.0.0.1:${kafkaPort}`, mongodb: `mongodb://127.0.0.1:${mongodbPort}/?replicaSet=rs0` };
  const login = `${secured.user}:${encodeURIComponent(secured.password)}`;
  const options = `replicaSet=rs0&tls=true&tlsCAFile=${encodeURIComponent(secured.ca)}`;
  return { kafka: `localhost:${kafkaTls}`, mongodb: `mongodb://${login}@localhost:${mongodbPort}/?${options}` };
}

/** @param {string} folder */
const securityFolder = (folder) => join(folder, 'security');

/** @param {string} folder */
const stateFile = (folder) => join(folder, 'state.json');

/** @param {string} folder @returns {Ports | {}} */
function savedPorts(folder) {
  try {
    return JSON.parse(readFileSync(stateFile(folder), 'utf8')).ports;
  } catch {
    return {};
  }
}

/**
 * Ports are kept from run to run, so that clients find a restarted server again.
 * @param {string} folder @param {Kind[]} idle @param {Partial<Ports>} preferred @param {Log} log
 * @returns {Promise<Ports>}
 */
async function choosePorts(folder, idle, preferred, log) {
  /** @type {Partial<Ports>} */
  const ports = { ...savedPorts(folder) };
  for (const role of /** @type {const} */ (['kafka', 'controller', 'mongodb', 'kafkaTls'])) {
    const kind = role === 'mongodb' ? role : 'kafka';
    if (ports[role] !== undefined && !idle.includes(kind)) continue;
    const wanted = preferred[role];
    ports[role] = await freePort(wanted, Object.values({ ...ports, [role]: 0 }));
    if (wanted !== undefined && wanted !== ports[role])
      log(`Port ${wanted} is taken by something else: the ${role} port is ${ports[role]}.`);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(stateFile(folder), `${JSON.stringify({ ports }, undefined, 2)}\n`);
  return /** @type {Ports} */ (ports);
}

/** @param {string} folder @param {Kind} kind @param {Ports} ports @param {Secured} secured @param {Log} log */
async function startOne(folder, kind, ports, secured, log) {
  const home = join(folder, kind);
  mkdirSync(home, { recursive: true });
  const stale = recordedPid(home);
  if (stale !== undefined) log(`${servers[kind].label} ended without being stopped (was pid ${stale}).`);
  log(`Starting ${servers[kind].label} ...`);
  await launch(home, await servers[kind].command(home, ports, secured));
}

/** @param {string} folder @param {Kind} kind @param {Ports} ports @param {Secured} secured */
async function untilUsable(folder, kind, ports, secured) {
  const { label, answers, form } = servers[kind];
  const log = logFile(join(folder, kind));
  /** @type {unknown} */
  let obstacle;
  for (const deadline = Date.now() + usableWithinMs; Date.now() < deadline; await sleep(100)) {
    if (pidOf(folder, kind) === undefined)
      throw new Error(`${label} ended while it started. The end of ${log}:\n${lastLines(readFileSync(log, 'utf8'))}`);
    try {
      if (await answers(ports, secured)) return;
      await form(ports, secured);
    } catch (error) {
      obstacle = error;
    }
  }
  throw new Error(`${label} runs but cannot be used after ${usableWithinMs / 1000} s (${obstacle}); see ${log}.`);
}
