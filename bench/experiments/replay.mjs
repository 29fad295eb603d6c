// A replay of a log of customers' events into MongoDB, beside a bare script, in turns. Each counts from the start of its
// process to its end.
import { publishCustomerEvents } from '../load/customer-events.mjs';
import { NODE_OPTIONS } from '../../scripts/start-command.mjs';
import { run } from '../processes.mjs';
import { median } from '../statistics.mjs';

/**
 * @param {NodeJS.ProcessEnv} env of servers with nothing on them
 * @param {{ events: number, customers: number, rounds: number, log: (line: string) => void }} options
 */
export async function measureReplay(env, { events, customers, rounds, log }) {
  await publishCustomerEvents(env, { events, customers });
  const results = [];
  for (let round = 1; round <= rounds; round += 1) {
    const bare = await run(['bench/baselines/bare-replay.mjs'], env);
    const ours = await run([...NODE_OPTIONS, 'dist/main.js', 'replay', '--module', 'accounts'], env);
    const last = ours.output.trim().split('\n').slice(-2).join('; ');
    const [theirs, own] = [events / bare.seconds, events / ours.seconds];
    log(`replay: bare script ${theirs.toFixed(0)} events/s, replay ${own.toFixed(0)} events/s; ${last}`);
    results.push({ bare: theirs, ours: own, megabytes: ours.megabytes });
  }
  return {
    events,
    ours: median(results.map(({ ours }) => ours)),
    bare: median(results.map(({ bare }) => bare)),
    ratio: median(results.map(({ ours, bare }) => ours / bare)),
    megabytes: Math.max(...results.map(({ megabytes }) => megabytes)),
  };
}
