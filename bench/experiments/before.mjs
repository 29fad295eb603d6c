// A former version of this project and the present one, in turns.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishCustomerEvents } from '../load/customer-events.mjs';
import { committedBy, openAdmin } from '../load/log.mjs';
import { burst } from '../load/wrk.mjs';
import { median, quantile } from '../statistics.mjs';
import { delayFor, settled, startOurs, stopSystem, turn } from '../systems.mjs';
import { registerMany } from './changes.mjs';
import { replay } from './replay.mjs';
import { mediansOf } from './turns.mjs';
import { timeToVisible } from './visible.mjs';

const CONNECTIONS = 64;
const SHARE = 0.7;
const MAX_WAIT_SECONDS = 10;
const VERSIONS = /** @type {const} */ (['before', 'now']);

/** @typedef {{ before: T, now: T }} Both @template T */
/** @typedef {{ env: NodeJS.ProcessEnv, servers: import('../systems.mjs').Server[] }} Place servers with nothing on them */
/** @typedef {Both<import('./turns.mjs').Turn[]>} Turns */

/**
 * Builds a former version in a folder of its own, and returns that.
 * @param {string} commit @param {(line: string) => void} log
 * @throws Error when git does not have it
 */
export function buildVersion(commit, log) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { encoding: 'buffer', maxBuffer: 2 ** 30 });
  const hash = String(git('rev-parse', '--verify', `${commit}^{commit}`)).trim();
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'accounts-orders', 'bench');
  const folder = join(cache, hash);
  if (existsSync(folder)) return folder;
  log(`building ${commit} ...`);
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, 'building-'));
  try {
    execFileSync('tar', ['-x', '-C', building], { input: git('archive', hash) });
    for (const args of [['ci'], ['run', 'build']]) execFileSync('npm', args, { cwd: building, stdio: 'ignore' });
    renameSync(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Commands, changes, and the time until they are visible.
 * @param {Both<Place>} places @param {string} folder of the former version
 * @param {{ rounds: number, seconds: number, samples: number, log: (line: string) => void }} options
 */
export async function measureServices(places, folder, { rounds, seconds, samples, log }) {
  const admins = { before: await openAdmin(places.before.env), now: await openAdmin(places.now.env) };
  // The metrics have not always had the same names.
  const copiedAt = (/** @type {keyof typeof admins} */ name) => async () =>
    [...(await committedBy(admins[name], 'orders')).values()].reduce((sum, offset) => sum + offset, 0);
  const systems = {
    before: { ...(await startOurs(places.before.env, undefined, folder)), copied: copiedAt('before') },
    now: { ...(await startOurs(places.now.env)), copied: copiedAt('now') },
  };
  const ids = mkdtempSync(join(tmpdir(), 'bench-'));
  const give = (/** @type {keyof typeof systems} */ name, /** @type {Partial<Parameters<typeof burst>[1]>} */ load) =>
    turn(systems[name], places[name].servers, { connections: CONNECTIONS, seconds, ...load });
  /** @template T @param {(name: keyof typeof systems) => Promise<T>} measure @returns {Promise<Both<T[]>>} */
  const inTurns = async (measure) => {
    const results = { before: /** @type {T[]} */ ([]), now: /** @type {T[]} */ ([]) };
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 ? [...VERSIONS].reverse() : VERSIONS) results[name].push(await measure(name));
    }
    return results;
  };
  try {
    for (const name of VERSIONS) await give(name, { seconds: 10 });
    for (const name of VERSIONS) await sample(systems[name], 200);
    const chains = await inTurns((name) => sample(systems[name], Math.ceil(samples / rounds)));
    const commands = await inTurns((name) => give(name, {}));
    const full = median(commands.before.map(({ rate }) => rate));
    const delay = await delayFor(systems.before, { connections: CONNECTIONS, rate: full * SHARE });
    const loaded = await inTurns(async (name) => {
      const load = burst(systems[name].accounts.port, { connections: CONNECTIONS, seconds: seconds * 2, delay });
      const times = await sample(systems[name], Infinity, performance.now() + seconds * 1_800);
      await load;
      await settled(systems[name]);
      return times;
    });
    for (const name of VERSIONS) {
      writeFileSync(join(ids, name), (await registerMany(systems[name].accounts.port)).join('\n'));
      await give(name, { seconds: 10, ids: join(ids, name) });
    }
    const changes = await inTurns((name) => give(name, { ids: join(ids, name) }));
    log(`before and now: commands ${ratios(commands)}; changes ${ratios(changes)}`);
    return {
      chain: latencyOf(chains),
      loaded: latencyOf(loaded),
      commands: comparisonOf(commands),
      changes: comparisonOf(changes),
    };
  } finally {
    await Promise.all(VERSIONS.map((name) => stopSystem(systems[name])));
    await Promise.all(VERSIONS.map((name) => admins[name].disconnect()));
    rmSync(ids, { recursive: true });
  }
}

/**
 * Replays of one log. The former version can only replay everything.
 * @param {NodeJS.ProcessEnv} env of servers with nothing on them @param {string} folder of the former version
 * @param {{ events: number, customers: number, rounds: number, log: (line: string) => void }} options
 */
export async function measureReplays(env, folder, { events, customers, rounds, log }) {
  await publishCustomerEvents(env, { events, customers });
  const seconds = { before: /** @type {number[]} */ ([]), now: /** @type {number[]} */ ([]) };
  const copies = { before: /** @type {number[]} */ ([]), now: /** @type {number[]} */ ([]) };
  /** @type {{ states: number[], workers: number[] }} */
  const others = { states: [], workers: [] };
  for (let round = 0; round < rounds; round += 1) {
    seconds.before.push((await replay(env, [], { version: folder })).seconds);
    seconds.now.push((await replay(env, [])).seconds);
    others.states.push((await replay(env, ['--only', 'states'])).seconds);
    others.workers.push((await replay(env, ['--workers', '2'])).seconds);
    copies.before.push((await replay(env, [], { module: 'orders', version: folder })).seconds);
    copies.now.push((await replay(env, [], { module: 'orders' })).seconds);
    log(
      `replay, s: before ${seconds.before.at(-1)?.toFixed(1)}, now ${seconds.now.at(-1)?.toFixed(1)}, states ${others.states.at(-1)?.toFixed(1)}, two workers ${others.workers.at(-1)?.toFixed(1)}, copies before ${copies.before.at(-1)?.toFixed(1)}, now ${copies.now.at(-1)?.toFixed(1)}`,
    );
  }
  const rateOf = (/** @type {number[]} */ all) => events / median(all);
  const compared = (/** @type {number[]} */ now, before = seconds.before) => ({
    before: rateOf(before),
    now: rateOf(now),
    ratio: median(now.map((each, round) => (before[round] ?? Number.NaN) / each)),
  });
  return {
    all: compared(seconds.now),
    states: compared(others.states),
    workers: compared(others.workers),
    copies: compared(copies.now, copies.before),
  };
}

/**
 * @param {import('../systems.mjs').System} system @param {number} count @param {number} [until]
 * @returns {Promise<number[]>} milliseconds
 */
async function sample({ accounts, orders = accounts }, count, until = Infinity) {
  const times = [];
  while (times.length < count && performance.now() < until) {
    times.push(await timeToVisible({ accounts: accounts.port, orders: orders.port, maxSeconds: MAX_WAIT_SECONDS }));
  }
  return times;
}

/** @param {Both<number[][]>} rounds milliseconds */
function latencyOf(rounds) {
  const of = (/** @type {number} */ share) => {
    const [before, now] = VERSIONS.map((name) => rounds[name].map((times) => quantile(times, share)));
    const all = (/** @type {'before' | 'now'} */ name) => quantile(rounds[name].flat(), share);
    const each = /** @type {number[]} */ (now).map((value, round) => value / (before?.[round] ?? Number.NaN));
    return { before: all('before'), now: all('now'), ratio: median(each) };
  };
  return { p50: of(0.5), p99: of(0.99) };
}

/** @param {Turns} turns */
function comparisonOf({ before, now }) {
  const [former, present] = [mediansOf(before), mediansOf(now)];
  const total = (/** @type {import('../systems.mjs').CpuMicros} */ cpu) =>
    Object.values(cpu).reduce((sum, each) => sum + each, 0);
  const ratioOf = (/** @type {(turn: import('./turns.mjs').Turn) => number} */ figure) =>
    median(now.map((each, round) => figure(each) / (before[round] ? figure(before[round]) : Number.NaN)));
  return {
    rate: { before: former.rate, now: present.rate, ratio: ratioOf(({ rate }) => rate) },
    cpu: { before: total(former.cpu), now: total(present.cpu), ratio: ratioOf(({ cpu }) => total(cpu)) },
  };
}

/** @param {Turns} turns */
function ratios({ before, now }) {
  return now.map(({ rate }, round) => (rate / (before[round]?.rate ?? Number.NaN)).toFixed(2)).join(', ');
}
