// A replay of a log of customers' events into MongoDB, of everything and of the states alone, beside a bare script, in
// turns; then verifications and replays of the whole log and since a checkpoint. Each counts from the start of its process
// to its end.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishCustomerEvents } from '../load/customer-events.mjs';
import { NODE_OPTIONS } from '../../scripts/start-command.mjs';
import { run } from '../processes.mjs';
import { whole } from '../report/markdown.mjs';
import { median } from '../statistics.mjs';

/**
 * @param {NodeJS.ProcessEnv} env of servers with nothing on them
 * @param {{ events: number, customers: number, rounds: number, log: (line: string) => void }} options
 */
export async function measureReplay(env, { events, customers, rounds, log }) {
  const newest = await publishCustomerEvents(env, { events, customers });
  const results = [];
  for (let round = 1; round <= rounds; round += 1) {
    const bare = await run(['bench/baselines/bare-replay.mjs'], env);
    const all = await replay(env, []);
    const states = await replay(env, ['--only', 'states']);
    const both = await replay(env, ['--workers', '2']);
    const [theirs, own, ofStates] = [events / bare.seconds, events / all.seconds, events / states.seconds];
    const ofTwo = events / both.seconds;
    const last = all.output.trim().split('\n').slice(-2).join('; ');
    log(
      `replay: bare script ${whole(theirs)} events/s, all ${whole(own)}, states ${whole(ofStates)}, two workers ${whole(ofTwo)}; ${last}`,
    );
    const { scratch } = all;
    const megabytes = Math.max(all.megabytes, states.megabytes);
    const two = { twoWorkers: ofTwo, twoMegabytes: both.megabytes };
    results.push({ bare: theirs, ours: own, states: ofStates, ...two, megabytes, scratch });
  }
  const checked = await measureChecks(env, { events, customers, newest, log });
  return {
    ...{ events, customers },
    verify: checked.verify,
    since: { ...checked.since, wholeReplay: median(results.map(({ ours }) => events / ours)) },
    ours: median(results.map(({ ours }) => ours)),
    states: median(results.map(({ states }) => states)),
    bare: median(results.map(({ bare }) => bare)),
    ratio: median(results.map(({ ours, bare }) => ours / bare)),
    statesRatio: median(results.map(({ states, bare }) => states / bare)),
    twoWorkers: median(results.map(({ twoWorkers }) => twoWorkers)),
    twoRatio: median(results.map(({ twoWorkers, ours }) => twoWorkers / ours)),
    twoMegabytes: Math.max(...results.map(({ twoMegabytes }) => twoMegabytes)),
    megabytes: Math.max(...results.map(({ megabytes }) => megabytes)),
    scratch: Math.max(...results.map(({ scratch }) => scratch)) / events,
  };
}

/**
 * Verifications of what the last replay has made, which has to be right, and what both commands read since a checkpoint,
 * once a hundredth of the events was published after it.
 * @param {NodeJS.ProcessEnv} env
 * @param {{ events: number, customers: number, newest: import('../load/customer-events.mjs').Newest, log: (line: string) => void }} of
 */
async function measureChecks(env, { events, customers, newest, log }) {
  const verify = (/** @type {string[]} */ ...options) => command(env, 'verify', ['--max-lag', '0', ...options]);
  const whole = await verify();
  const more = Math.round(events / 100);
  await publishCustomerEvents(env, { events: more, customers, newest });
  const replayed = await replay(env, ['--since-checkpoint']);
  const checked = await verify('--since-checkpoint');
  log(
    `since a checkpoint, ${more} events: verify ${checked.seconds.toFixed(1)} s of ${whole.seconds.toFixed(1)}, replay ${replayed.seconds.toFixed(1)} s`,
  );
  const { seconds, megabytes, scratch } = whole;
  return {
    verify: { perSecond: events / seconds, megabytes, scratch: scratch / events },
    since: {
      ...{ events: more, verify: checked.seconds, wholeVerify: seconds, replay: replayed.seconds },
      scratch: checked.scratch / customers,
    },
  };
}

/**
 * Runs a replay, and watches its temporary folder.
 * @param {NodeJS.ProcessEnv} env @param {string[]} options
 * @param {{ module?: 'accounts' | 'orders', version?: string }} [of] `version`: folder of another one of the project
 */
export function replay(env, options, of) {
  return command(env, 'replay', options, of);
}

/**
 * Runs a command that exits with 0, and watches its temporary folder.
 * @param {NodeJS.ProcessEnv} env @param {string} name @param {string[]} options
 * @param {{ module?: 'accounts' | 'orders', version?: string }} [of] `version`: folder of another one of the project
 */
async function command(env, name, options, { module = 'accounts', version } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  let scratch = 0;
  const watch = setInterval(() => (scratch = Math.max(scratch, bytesIn(folder))), 200);
  try {
    const args = [...NODE_OPTIONS, 'dist/main.js', name, '--module', module, ...options];
    const { seconds, megabytes, output } = await run(args, { ...env, TMPDIR: folder }, version);
    return { seconds, megabytes, output, scratch };
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns 0 while the command removes it. @param {string} folder */
function bytesIn(folder) {
  try {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  } catch {
    return 0;
  }
}
