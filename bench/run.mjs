// Measures this project on real servers of its own, beside what it has to be held against, and writes docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { startServers, stopServers } from '../scripts/servers/instance.mjs';
import { kafka } from '../scripts/servers/kafka.mjs';
import { mongodb } from '../scripts/servers/mongodb.mjs';
import { installEmmett } from './baselines/emmett/install.mjs';
import { capacityPage } from './capacity/page.mjs';
import { buildVersion, measureReplays, measureServices } from './experiments/before.mjs';
import { measureBytes } from './experiments/bytes.mjs';
import { measureChanges } from './experiments/changes.mjs';
import { measureCommands } from './experiments/commands.mjs';
import { measureDrain } from './experiments/drain.mjs';
import { measureStart } from './experiments/footprint.mjs';
import { measureInstances } from './experiments/machines.mjs';
import { measureRebalances } from './experiments/rebalances.mjs';
import { measureReplay } from './experiments/replay.mjs';
import { measureScale } from './experiments/scale.mjs';
import { measureVisible } from './experiments/visible.mjs';
import { measureYardstick } from './experiments/yardstick.mjs';
import { plotBefore } from './report/before.mjs';
import { merge } from './report/merge.mjs';
import { plot } from './report/plot.mjs';
import { costsOf, plotCosts } from './report/costs.mjs';
import { report } from './report/report.mjs';
import { plotStages } from './report/visible.mjs';

const PARTS = [
  ...['commands', 'changes', 'visible', 'drain', 'replay', 'scale', 'start', 'bytes'],
  ...['yardstick', 'machines', 'rebalances', 'before'],
];
/** The last version before latency, rebuilds and CPU time were worked on. */
const FORMER_VERSION = 'ad8afd8';
/** Those where Emmett takes part. */
const WITH_EMMETT = ['commands', 'changes', 'yardstick'];
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join(',') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    customers: { type: 'string', default: '1000000' },
    instances: { type: 'string', default: '1,2,4' },
    before: { type: 'string', default: FORMER_VERSION },
    out: { type: 'string', default: 'docs' },
    update: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const chosen = values.only.split(',');
const unknown = chosen.filter((part) => !PARTS.includes(part));
if (values.help || unknown.length > 0) {
  console.log(`npm run bench -- [--only ${PARTS.join(',')}] [--rounds 3] [--seconds 5] [--customers 1000000] [--instances 1,2,4] [--before ${FORMER_VERSION}] [--out docs] [--update]

Takes three quarters of an hour; needs wrk, and what npm run servers needs. Only a run of all parts writes ${values.out}/performance.md and capacity.md. With --update,
a run of some parts replaces their sections in them, if they were measured on this machine.`);
  process.exit(values.help ? 0 : 2);
}
const [rounds, seconds, customers] = [Number(values.rounds), Number(values.seconds), Number(values.customers)];
const log = (/** @type {string} */ line) => console.error(line);
// Optimized, as in production.
process.env['KAFKA_JVM_PERFORMANCE_OPTS'] ??= '-XX:+UseG1GC';
if (chosen.some((part) => WITH_EMMETT.includes(part))) installEmmett(log);

/** Parts that failed. @type {Set<string>} */
const failed = new Set();

/** @typedef {Awaited<ReturnType<typeof startServers>>['servers']} Servers */
/**
 * Each part on servers with nothing on them. One that fails does not keep the others from being measured.
 * @template T
 * @param {string} part
 * @param {(env: NodeJS.ProcessEnv, servers: Servers) => Promise<T>} measure
 * @param {import('../scripts/servers/instance.mjs').Wishes & { name?: string }} [wishes]
 */
async function onServers(part, measure, { name = 'bench', ...wishes } = {}) {
  if (!chosen.includes(part)) return undefined;
  const servers = { name, log: () => undefined };
  await stopServers({ ...servers, wipe: true });
  try {
    const started = await startServers({ ...servers, ...wishes });
    return await measure(
      { KAFKA_BOOTSTRAP_SERVERS: started.kafka, MONGODB_URI: started.mongodb, MASTER_KEYS_FILE: started.masterKeys },
      started.servers,
    );
  } catch (error) {
    log(`${part} failed: ${String(error)}`);
    failed.add(part);
    return undefined;
  } finally {
    await stopServers({ ...servers, wipe: true });
  }
}

const commands = await onServers('commands', (env, servers) => measureCommands(env, { rounds, seconds, servers, log }));
const changes = await onServers('changes', (env, servers) => measureChanges(env, { rounds, seconds, servers, log }));
const visible = await onServers('visible', (env) => measureVisible(env, { samples: 500, seconds: seconds * 6, log }));
const drain = await onServers('drain', (env) => measureDrain(env, { events: 100_000, customers: 50_000, rounds, log }));
const replay = await onServers('replay', (env) =>
  measureReplay(env, { events: 300_000, customers: 60_000, rounds, log }),
);
const scale = await onServers('scale', (empty) =>
  onServers('scale', (full) => measureScale({ empty, full }, { customers, rounds, log }), { name: 'bench-full' }),
);
const start = await onServers('start', (env) => measureStart(env, { rounds }));
const bytes = await onServers('bytes', (env, servers) => {
  const kafkaData = servers.find(({ kind }) => kind === 'kafka')?.data ?? '';
  return measureBytes(env, { name: 'bench', kafkaData, rounds, log });
});
const yardstick = await onServers('yardstick', (env) => measureYardstick(env, { rounds, seconds, log }));
const cluster = { name: 'bench-cluster', brokers: 3, members: 3 };
const machines = await onServers(
  'machines',
  (env, servers) =>
    measureInstances(env, { servers, counts: values.instances.split(',').map(Number), rate: 300, seconds, log }),
  cluster,
);
const rebalances = await onServers('rebalances', (env) => measureRebalances(env, { rate: 200, rounds, log }), cluster);
const former = chosen.includes('before') ? buildVersion(values.before, log) : '';
const services = await onServers('before', (env, servers) =>
  onServers(
    'before',
    (formerEnv, formerServers) =>
      measureServices({ before: { env: formerEnv, servers: formerServers }, now: { env, servers } }, former, {
        ...{ rounds, seconds, samples: 500, log },
      }),
    { name: 'bench-before' },
  ),
);
const replays = await onServers('before', (env) =>
  measureReplays(env, former, { events: 300_000, customers: 60_000, rounds, log }),
);

const measured = {
  machine: describeMachine(),
  ...(commands && { commands: commands.commands, ratios: commands.ratios }),
  changes,
  visible,
  drain,
  replay,
  scale,
  bytes,
  yardstick,
  machines,
  rebalances,
  before: services && replays && { version: values.before, services, replays },
  process: commands &&
    start && { ...start, idleMegabytes: commands.idleMegabytes, loadMegabytes: commands.loadMegabytes },
};
const fresh = report(measured);
console.log(fresh);
// If a part failed, its section stays as it is.
const isWhole = chosen.length === PARTS.length && failed.size === 0;
if (chosen.length === PARTS.length || values.update) {
  const page = isWhole ? fresh : merge(readFileSync(`${values.out}/performance.md`, 'utf8'), fresh);
  writeFileSync(`${values.out}/performance.md`, page);
  writeFileSync(`${values.out}/capacity.md`, capacityPage(page));
  if (commands) writeFileSync(`${values.out}/performance.svg`, plot(commands.commands));
  if (commands && changes) writeFileSync(`${values.out}/performance-cpu.svg`, plotCosts(costsOf(measured)));
  if (measured.before) writeFileSync(`${values.out}/performance-before.svg`, plotBefore(measured.before));
  if (visible) writeFileSync(`${values.out}/performance-stages.svg`, plotStages(visible));
}

if (failed.size > 0) {
  log(`failed: ${[...failed].join(', ')}`);
  process.exitCode = 1;
}

/** @param {{ label: string }} server */
function versionOf({ label }) {
  return label.split(' ').at(-1) ?? label;
}

function describeMachine() {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    kafka: versionOf(kafka),
    mongodb: versionOf(mongodb),
    date: new Date().toISOString().slice(0, 10),
  };
}
