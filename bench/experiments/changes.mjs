// Changes of customers that there are: the naive dual write (find, replace, send) and this project, in turns.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerCustomer } from '../load/requests.mjs';
import { burst } from '../load/wrk.mjs';
import { startBaseline, startService } from '../processes.mjs';
import { median } from '../statistics.mjs';

const CONNECTIONS = 64;
const CUSTOMERS = 5_000;

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ rounds: number, seconds: number, log: (line: string) => void }} options
 */
export async function measureChanges(env, { rounds, seconds, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const subjects = { naive: await startBaseline('naive', env), ours: await startService('accounts', env) };
  const names = /** @type {(keyof typeof subjects)[]} */ (Object.keys(subjects));
  const turn = async (/** @type {keyof typeof subjects} */ name, time = seconds) => {
    const result = await burst(subjects[name].port, {
      connections: CONNECTIONS,
      seconds: time,
      ids: join(folder, name),
    });
    await subjects[name].settled();
    return result;
  };
  try {
    for (const name of names) {
      writeFileSync(join(folder, name), (await register(subjects[name].port)).join('\n'));
      await turn(name, 10);
    }
    const bursts = { naive: [await turn('naive')], ours: [await turn('ours')] };
    for (let round = 1; round < rounds; round += 1) {
      for (const name of round % 2 ? [...names].reverse() : names) bursts[name].push(await turn(name));
    }
    const ratios = bursts.ours.map(({ rate }, round) => rate / (bursts.naive[round]?.rate ?? Number.NaN));
    log(`changes: ours to naive ${ratios.map((each) => each.toFixed(2)).join(', ')}`);
    const resultOf = (/** @type {keyof typeof subjects} */ name) => ({
      rate: median(bursts[name].map(({ rate }) => rate)),
      p99: median(bursts[name].map(({ p99 }) => p99)),
    });
    return { naive: resultOf('naive'), ours: resultOf('ours'), ratio: median(ratios) };
  } finally {
    await Promise.all(names.map((name) => subjects[name].stop()));
    rmSync(folder, { recursive: true });
  }
}

/** Returns the ids of as many customers as there are to change. @param {number} port */
async function register(port) {
  const ids = [];
  for (let number = 0; number < CUSTOMERS; number += CONNECTIONS) {
    const some = Array.from({ length: CONNECTIONS }, (_, index) => registerCustomer(port, number + index));
    ids.push(...(await Promise.all(some)));
  }
  return ids;
}
