// Commands a second, their latency and what they cost: the framework alone, Emmett, the naive dual write with its
// consumer, and this project, in turns.
import { median } from '../statistics.mjs';
import {
  mostMegabytes,
  settled,
  startEmmett,
  startHttpOnly,
  startNaive,
  startOurs,
  stopSystem,
  turn,
} from '../systems.mjs';
import { mediansOf } from './turns.mjs';

const CONNECTIONS = [1, 16, 64, 256];
const DECISIVE = 64;
const WARM_UP = { connections: DECISIVE, seconds: 10 };

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ rounds: number, seconds: number, servers: import('../systems.mjs').Server[], log: (line: string) => void }} options
 */
export async function measureCommands(env, { rounds, seconds, servers, log }) {
  const systems = {
    'http-only': await startHttpOnly(env),
    emmett: await startEmmett(env),
    naive: await startNaive(env),
    ours: await startOurs(env),
  };
  const names = /** @type {(keyof typeof systems)[]} */ (Object.keys(systems));
  await settled(systems.ours);
  const idleMegabytes = systems.ours.accounts.megabytes();
  try {
    for (const name of names) await turn(systems[name], servers, WARM_UP);
    const commands = [];
    /** @type {{ naive: number[], naiveDone: number[], httpOnly: number[] }} */
    const ratios = { naive: [], naiveDone: [], httpOnly: [] };
    for (const connections of CONNECTIONS) {
      /** @type {Record<keyof typeof systems, import('./turns.mjs').Turn[]>} */
      const turns = { 'http-only': [], emmett: [], naive: [], ours: [] };
      for (let round = 0; round < rounds; round += 1) {
        for (const name of round % 2 ? [...names].reverse() : names) {
          turns[name].push(await turn(systems[name], servers, { connections, seconds }));
        }
        const rateOf = (/** @type {keyof typeof systems} */ name) => turns[name].at(-1)?.rate ?? Number.NaN;
        const doneOf = (/** @type {keyof typeof systems} */ name) => turns[name].at(-1)?.doneRate ?? Number.NaN;
        log(`${connections} connections: ${names.map((name) => `${name} ${rateOf(name).toFixed(0)}/s`).join(', ')}`);
        if (connections !== DECISIVE) continue;
        ratios.naive.push(rateOf('ours') / rateOf('naive'));
        ratios.naiveDone.push(doneOf('ours') / doneOf('naive'));
        ratios.httpOnly.push(rateOf('ours') / rateOf('http-only'));
      }
      const results = names.map((subject) => ({
        subject,
        ...mediansOf(turns[subject]),
        megabytes: mostMegabytes(systems[subject]),
      }));
      commands.push({ connections, results });
    }
    return {
      commands,
      ratios: {
        naive: median(ratios.naive),
        naiveDone: median(ratios.naiveDone),
        httpOnly: median(ratios.httpOnly),
      },
      idleMegabytes,
      loadMegabytes: systems.ours.accounts.mostMegabytes(),
    };
  } finally {
    await Promise.all(names.map((name) => stopSystem(systems[name])));
  }
}
