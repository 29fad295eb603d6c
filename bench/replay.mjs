// Replays a log of customer events into MongoDB, by this project and by a bare script, in turns, and prints the ratio
// of their rates. Servers are its own; each time counts from the start of the process to its end.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startServers, stopServers } from '../scripts/servers/instance.mjs';
import { publishCustomerEvents } from './customer-events.mjs';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    customers: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '3' },
  },
});
const size = { events: Number(values.events), customers: Number(values.customers) };
const servers = { name: 'bench', log: (/** @type {string} */ line) => console.error(line) };

await stopServers({ ...servers, wipe: true });
const { kafka = '', mongodb = '' } = await startServers(servers);
try {
  await publishCustomerEvents(kafka, size);
  const env = { ...process.env, KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb };
  /** @type {number[]} */
  const ratios = [];
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const bare = await run(['bench/bare-replay.mjs'], env);
    const ours = await run(['dist/main.js', 'replay', '--module', 'accounts'], env);
    const rate = ({ seconds = 0 }) => Math.round(size.events / seconds);
    ratios.push(bare.seconds / ours.seconds);
    console.log(
      `${round}: bare script ${rate(bare)} events/s (${bare.megabytes} MB), replay ${rate(ours)} events/s (${ours.megabytes} MB), ` +
        `ratio ${ratios.at(-1)?.toFixed(2)}; ${ours.output.trim().split('\n').slice(-2).join('; ')}`,
    );
  }
  ratios.sort((a, b) => a - b);
  console.log(`ratio, median: ${ratios[Math.floor(ratios.length / 2)]?.toFixed(2)}`);
} finally {
  await stopServers({ ...servers, wipe: true });
}

/** Runs a Node.js script to its end. @param {string[]} args @param {NodeJS.ProcessEnv} env */
async function run(args, env) {
  const began = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let [output, megabytes] = ['', 0];
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const watch = setInterval(() => (megabytes = Math.max(megabytes, residentMegabytes(child.pid))), 100);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}:\n${output}`);
  return { seconds: (performance.now() - began) / 1000, megabytes, output };
}

/** Most memory that the process has had resident so far; 0 where the system does not tell. @param {number | undefined} pid */
function residentMegabytes(pid) {
  try {
    const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}
