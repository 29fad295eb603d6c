import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './downloads.mjs';
import { kafka } from './kafka.mjs';
import { mongodb } from './mongodb.mjs';
import { isSuspended, launch, logFile, recordedPid, runningPid, terminate } from './process.mjs';

/** @typedef {import('./state.mjs').Kind} Kind */
/** @typedef {import('./state.mjs').Node} Node */
/** @typedef {import('./security.mjs').Security | undefined} Secured undefined for servers that let everybody in */
/** @typedef {(line: string) => void} Log */
/**
 * What one kind of server is like. A node comes with its peers: all of its kind, itself included.
 * @typedef {object} Server
 * @property {string} label
 * @property {(log: Log) => Promise<void>} install
 * @property {(home: string) => string} signature what its command line ends with, and no other process's does
 * @property {(node: Node, peers: Node[], secured: Secured) => Promise<{ file: string, args: string[], env: NodeJS.ProcessEnv }>} command
 * @property {(node: Node, secured: Secured) => Promise<boolean>} answers whether it can be used; rejects when it does not even listen
 * @property {(node: Node, peers: Node[], secured: Secured) => Promise<void>} form tells a server that listens what it lacks to be usable
 */

/** @type {Record<Kind, Server>} */
export const servers = { kafka, mongodb };

/** Six servers that start on a busy machine take minutes. */
const usableWithinMs = 240_000;

/** @param {Node} node @returns {[home: string, signature: string]} */
export const processOf = ({ kind, home }) => [home, servers[kind].signature(home)];

/** @param {Node} node */
export const pidOf = (node) => runningPid(...processOf(node));

/** @param {Node} node */
export const runs = (node) => pidOf(node) !== undefined;

/** Whether it is there and does nothing. @param {Node} node */
export function isPaused(node) {
  const pid = pidOf(node);
  return pid !== undefined && isSuspended(pid);
}

/** For people; a server that is the only one of its kind needs no name. @param {Node} node @param {Node[]} all */
export function labelOf({ kind, name }, all) {
  const { label } = servers[kind];
  return all.filter((each) => each.kind === kind).length === 1 ? label : `${label} ${name}`;
}

/**
 * One server of an instance, as it is.
 * @param {Node} node @param {Node[]} all
 */
export function runningOf(node, all) {
  const { name, kind, home, port } = node;
  return { name, kind, label: labelOf(node, all), pid: pidOf(node), port, data: join(home, 'data') };
}

/** @param {Node} node @param {Secured} secured */
export const answers = (node, secured) => servers[node.kind].answers(node, secured).catch(() => false);

/** @param {Node} node @param {Node[]} all @param {Secured} secured @param {Log} log */
export async function startNode(node, all, secured, log) {
  mkdirSync(node.home, { recursive: true });
  const stale = recordedPid(node.home);
  if (stale !== undefined) log(`${labelOf(node, all)} ended without being stopped (was pid ${stale}).`);
  log(`Starting ${labelOf(node, all)} ...`);
  await launch(node.home, await servers[node.kind].command(node, peersOf(node, all), secured));
}

/** @param {Node} node @param {Node[]} all @param {NodeJS.Signals} signal @param {Log} log */
export async function stopNode(node, all, signal, log) {
  const pid = await terminate(...processOf(node), signal);
  log(pid === undefined ? `${labelOf(node, all)} was not running.` : `Stopped ${labelOf(node, all)} (pid ${pid}).`);
}

/** @param {Node} node @param {Node[]} all @param {Secured} secured */
export async function untilUsable(node, all, secured) {
  const { answers, form } = servers[node.kind];
  const label = labelOf(node, all);
  const log = logFile(node.home);
  /** @type {unknown} */
  let obstacle;
  for (const deadline = Date.now() + usableWithinMs; Date.now() < deadline; await sleep(100)) {
    if (!runs(node))
      throw new Error(`${label} ended while it started. The end of ${log}:\n${lastLines(readFileSync(log, 'utf8'))}`);
    try {
      if (await answers(node, secured)) return;
      await form(node, peersOf(node, all), secured);
    } catch (error) {
      obstacle = error;
    }
  }
  throw new Error(`${label} runs but cannot be used after ${usableWithinMs / 1000} s (${obstacle}); see ${log}.`);
}

/** @param {Node} node @param {Node[]} all */
const peersOf = ({ kind }, all) => all.filter((each) => each.kind === kind);
