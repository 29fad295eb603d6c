// Workloads of an open benchmark of event stores (github.com/pyeventsourcing/eventstore-benchmarks), by their names there:
// this project and Emmett, in turns, over HTTP.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeCustomer, registerCustomer } from '../load/requests.mjs';
import { clientsOf } from '../load/wrk.mjs';
import { startService } from '../processes.mjs';
import { median } from '../statistics.mjs';
import { startEmmett } from '../systems.mjs';

/** Events that a writer appends to a stream before it begins another. */
const STREAM_LENGTH = 10;
const SETUP = { streams: 1_000, concurrent: 20 };
const WARM_UP = { clients: 16, seconds: 5 };

/** @typedef {{ name: string, writers: number, bytes: number } | { name: string, readers: number, batch: number }} Workload */
/** @type {readonly Workload[]} */
const WORKLOADS = [
  { name: 'baseline-writes-w1', writers: 1, bytes: 256 },
  { name: 'concurrent-writers-w4', writers: 4, bytes: 256 },
  { name: 'baseline-writes-w16', writers: 16, bytes: 256 },
  { name: 'scenario-high-throughput-ingestion', writers: 32, bytes: 128 },
  { name: 'baseline-reads-r16', readers: 16, batch: 100 },
];

/** @typedef {'emmett' | 'ours'} Subject */
/** @typedef {{ rate: number, p50: number, p95: number, p99: number, p999: number, refused: number }} Figures events a second; milliseconds */
/** @typedef {{ name: string, clients: number, subject: Subject } & Figures} YardstickResult medians over the rounds */

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ rounds: number, seconds: number, log: (line: string) => void }} options
 * @returns {Promise<YardstickResult[]>}
 */
export async function measureYardstick(env, { rounds, seconds, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const subjects = { emmett: (await startEmmett(env)).accounts, ours: await startService('accounts', env) };
  const names = /** @type {Subject[]} */ (Object.keys(subjects));
  try {
    for (const name of names) {
      const { port } = subjects[name];
      await clientsOf(port, 'write-streams.lua', WARM_UP, { BYTES: '256', STREAM_LENGTH: String(STREAM_LENGTH) });
      writeFileSync(join(folder, name), (await fill(port)).join('\n'));
      await subjects[name].settled();
    }
    const results = [];
    for (const workload of WORKLOADS) {
      /** @type {Record<Subject, Figures[]>} */
      const figures = { emmett: [], ours: [] };
      for (let round = 0; round < rounds; round += 1) {
        for (const name of round % 2 ? [...names].reverse() : names) {
          const { port } = subjects[name];
          figures[name].push(await run(workload, { port, seconds, ids: join(folder, name) }));
          await subjects[name].settled();
        }
      }
      const found = names.map((subject) => ({ ...described(workload), subject, ...mediansOf(figures[subject]) }));
      log(`${workload.name}: ${found.map(({ subject, rate }) => `${subject} ${rate.toFixed(0)} events/s`).join(', ')}`);
      results.push(...found);
    }
    return results;
  } finally {
    await Promise.all(names.map((name) => subjects[name].stop()));
    rmSync(folder, { recursive: true });
  }
}

/** @param {Workload} workload @param {{ port: number, seconds: number, ids: string }} where @returns {Promise<Figures>} */
async function run(workload, { port, seconds, ids }) {
  if ('writers' in workload) {
    const settings = { BYTES: String(workload.bytes), STREAM_LENGTH: String(STREAM_LENGTH) };
    return clientsOf(port, 'write-streams.lua', { clients: workload.writers, seconds }, settings);
  }
  const settings = { IDS: ids, BATCH: String(workload.batch) };
  const read = await clientsOf(port, 'read-streams.lua', { clients: workload.readers, seconds }, settings);
  // Each read returns one stream as a whole.
  return { ...read, rate: read.rate * STREAM_LENGTH };
}

/** @param {Workload} workload */
function described(workload) {
  return { name: workload.name, clients: 'writers' in workload ? workload.writers : workload.readers };
}

/** @param {readonly Figures[]} figures @returns {Figures} */
function mediansOf(figures) {
  const of = (/** @type {keyof Figures} */ name) => median(figures.map((each) => each[name]));
  return { rate: of('rate'), p50: of('p50'), p95: of('p95'), p99: of('p99'), p999: of('p999'), refused: of('refused') };
}

/** Streams to read; returns their ids. @param {number} port */
async function fill(port) {
  const ids = [];
  for (let from = 0; from < SETUP.streams; from += SETUP.concurrent) {
    const some = Array.from({ length: SETUP.concurrent }, async (_, index) => {
      const id = await registerCustomer(port, from + index);
      for (let change = 1; change < STREAM_LENGTH; change += 1) await changeCustomer(port, id, change);
      return id;
    });
    ids.push(...(await Promise.all(some)));
  }
  return ids;
}
