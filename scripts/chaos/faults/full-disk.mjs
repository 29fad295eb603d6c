import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkAnswers } from '../check/calls.mjs';
import { customerContent, orderContent } from '../facts.mjs';
import { Instance } from '../instances.mjs';
import { Load } from '../load.mjs';
import { Recorder } from '../recorder.mjs';

/** @typedef {import('../facts.mjs').Finding} Finding */
/** @typedef {import('../facts.mjs').Call} Call */

const SIZE = '20m';
const CLIENTS = 8;
const SERVED_WITHIN_MS = 60_000;

/** @type {import('./fault.mjs').Fault} */
export const fullDisk = {
  name: 'full-disk',
  family: 'disk',
  about: 'the disk under an embedded store of its own is full for a while; then the process is killed',
  missing: () => {
    try {
      onSmallDisk(() => undefined);
      return undefined;
    } catch {
      return 'the right to mount a tmpfs';
    }
  },
  make: ({ fleet, random, wait }) =>
    onSmallDisk(async (disk) => {
      const surroundings = { ...fleet.surroundings, settings: { DATA_DIR: join(disk, 'data') }, serverPorts: [] };
      const embedded = await Instance.create('embedded', 'all', surroundings);
      const recorder = new Recorder();
      const load = new Load(recorder, () => [embedded.url], { clients: CLIENTS, seed: random.integer(1, 1_000_000) });
      try {
        embedded.start();
        await served(load, 'at first');
        load.resume();
        await wait(4);
        fill(disk);
        await wait(random.integer(6, 12));
        rmSync(join(disk, 'filler'));
        await served(load, 'once there was room again');
        await wait(4);
        await embedded.kill();
        embedded.start();
        await served(load, 'after a restart');
        await load.pause();
        return [...(await missed(embedded.url, recorder.calls)), ...checkAnswers(recorder.calls)];
      } finally {
        await load.stop();
        await embedded.dispose();
      }
    }),
};

/**
 * @template T
 * @param {(folder: string) => T} work
 * @returns {T}
 */
function onSmallDisk(work) {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], { stdio: 'ignore' });
  const unmount = () => {
    execFileSync('umount', [folder], { stdio: 'ignore' });
    rmdirSync(folder);
  };
  const result = work(folder);
  if (result instanceof Promise) return /** @type {T} */ (result.finally(unmount));
  unmount();
  return result;
}

/** Leaves no room at all, whatever else is written meanwhile. @param {string} disk */
function fill(disk) {
  const { bsize } = statfsSync(disk);
  const file = openSync(join(disk, 'filler'), 'w');
  try {
    for (const block = Buffer.alloc(bsize); ;) writeSync(file, block);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

/** @param {Load} load @param {string} when */
async function served(load, when) {
  for (const deadline = Date.now() + SERVED_WITHIN_MS; !(await load.isServed());)
    if (Date.now() > deadline) throw new Error(`not served ${when} within ${SERVED_WITHIN_MS / 1_000} s`);
}

/**
 * What was acknowledged and cannot be read: of customers every version, of orders the newest.
 * @param {string} url @param {readonly Call[]} calls
 * @returns {Promise<Finding[]>}
 */
async function missed(url, calls) {
  /** @type {Finding[]} */
  const findings = [];
  for (const { kind, id, outcome, content, end } of calls) {
    if (kind.startsWith('read') || outcome !== 'done' || content === undefined) continue;
    const isCustomer = content.copy !== undefined;
    const { version } = content;
    const path = isCustomer ? `/accounts/customers/${id}?version=${version}` : `/orders/${id}`;
    const answer = await fetch(`${url}${path}`);
    const body = /** @type {any} */ (await answer.json());
    const where = { sort: /** @type {const} */ ('lost'), id: String(id), version, at: end };
    if (answer.status === 410) continue;
    if (answer.status !== 200)
      findings.push({ ...where, what: `embedded: version ${version} was acknowledged, now ${answer.status}` });
    else if (body.version < version)
      findings.push({ ...where, what: `embedded: version ${version} was acknowledged, now ${body.version}` });
    else if (body.version === version && digest(isCustomer, body) !== content.digest)
      findings.push({ ...where, sort: 'diverged', what: `embedded: version ${version} has another content` });
  }
  return findings;
}

/** @param {boolean} isCustomer @param {any} body */
const digest = (isCustomer, body) => (isCustomer ? customerContent(body) : orderContent(body)).digest;
