// Changes of customers that there are: Emmett, the naive dual write (find, replace, send) with its consumer, and this
// project, in turns.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerCustomer } from '../load/requests.mjs';
import { median } from '../statistics.mjs';
import { settled, startEmmett, startNaive, startOurs, stopSystem, turn } from '../systems.mjs';
import { mediansOf } from './turns.mjs';

const CONNECTIONS = 64;
const CUSTOMERS = 5_000;

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ rounds: number, seconds: number, servers: import('../systems.mjs').Server[], log: (line: string) => void }} options
 */
export async function measureChanges(env, { rounds, seconds, servers, log }) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const systems = { emmett: await startEmmett(env), naive: await startNaive(env), ours: await startOurs(env) };
  const names = /** @type {(keyof typeof systems)[]} */ (Object.keys(systems));
  const changing = (/** @type {keyof typeof systems} */ name, time = seconds) =>
    turn(systems[name], servers, { connections: CONNECTIONS, seconds: time, ids: join(folder, name) });
  try {
    for (const name of names) {
      writeFileSync(join(folder, name), (await registerMany(systems[name].accounts.port)).join('\n'));
      await settled(systems[name]);
      await changing(name, 10);
    }
    /** @type {Record<keyof typeof systems, import('./turns.mjs').Turn[]>} */
    const turns = { emmett: [], naive: [], ours: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 ? [...names].reverse() : names) turns[name].push(await changing(name));
    }
    const ratiosOf = (/** @type {'rate' | 'doneRate'} */ figure) =>
      turns.ours.map((turn, round) => turn[figure] / (turns.naive[round]?.[figure] ?? Number.NaN));
    const ratios = ratiosOf('rate');
    log(`changes: ours to naive ${ratios.map((each) => each.toFixed(2)).join(', ')}`);
    return {
      results: names.map((subject) => ({ subject, ...mediansOf(turns[subject]) })),
      ratio: median(ratios),
      doneRatio: median(ratiosOf('doneRate')),
    };
  } finally {
    await Promise.all(names.map((name) => stopSystem(systems[name])));
    rmSync(folder, { recursive: true });
  }
}

/** Returns the ids of as many customers as there are to change. @param {number} port */
export async function registerMany(port) {
  const ids = [];
  for (let number = 0; number < CUSTOMERS; number += CONNECTIONS) {
    const some = Array.from({ length: CONNECTIONS }, (_, index) => registerCustomer(port, number + index));
    ids.push(...(await Promise.all(some)));
  }
  return ids;
}
