// Commands a second and their latency: the framework alone, the naive dual write, and this project, in turns.
import { burst } from '../load/wrk.mjs';
import { startBaseline, startService } from '../processes.mjs';
import { median } from '../statistics.mjs';

const CONNECTIONS = [1, 16, 64, 256];
const DECISIVE = 64;
const WARM_UP = { connections: DECISIVE, seconds: 10 };

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {{ rounds: number, seconds: number, log: (line: string) => void }} options
 */
export async function measureCommands(env, { rounds, seconds, log }) {
  const subjects = {
    'http-only': await startBaseline('http-only', env),
    naive: await startBaseline('naive', env),
    ours: await startService('accounts', env),
  };
  const names = /** @type {(keyof typeof subjects)[]} */ (Object.keys(subjects));
  await subjects.ours.settled();
  const idleMegabytes = subjects.ours.megabytes();
  try {
    for (const name of names) await turn(subjects[name], WARM_UP);
    const commands = [];
    /** @type {{ naive: number[], httpOnly: number[] }} */
    const ratios = { naive: [], httpOnly: [] };
    for (const connections of CONNECTIONS) {
      /** @type {Record<string, import('../load/wrk.mjs').Burst[]>} */
      const bursts = { 'http-only': [], naive: [], ours: [] };
      for (let round = 0; round < rounds; round += 1) {
        for (const name of round % 2 ? [...names].reverse() : names) {
          bursts[name]?.push(await turn(subjects[name], { connections, seconds }));
        }
        const rates = names.map((name) => bursts[name]?.at(-1)?.rate ?? Number.NaN);
        log(`${connections} connections: ${names.map((name, i) => `${name} ${rates[i]?.toFixed(0)}/s`).join(', ')}`);
        const [httpOnly = Number.NaN, naive = Number.NaN, ours = Number.NaN] = rates;
        if (connections !== DECISIVE) continue;
        ratios.naive.push(ours / naive);
        ratios.httpOnly.push(ours / httpOnly);
      }
      const results = names.map((subject) => ({
        subject,
        ...mediansOf(bursts[subject] ?? []),
        megabytes: subjects[subject].mostMegabytes(),
      }));
      commands.push({ connections, results });
    }
    return {
      commands,
      ratios: { naive: median(ratios.naive), httpOnly: median(ratios.httpOnly) },
      idleMegabytes,
      loadMegabytes: subjects.ours.mostMegabytes(),
    };
  } finally {
    await Promise.all(names.map((name) => subjects[name].stop()));
  }
}

/** Nobody's turn begins before the work of the turn before is done. */
async function turn(
  /** @type {import('../processes.mjs').Subject} */ subject,
  /** @type {{ connections: number, seconds: number }} */ load,
) {
  const result = await burst(subject.port, load);
  await subject.settled();
  return result;
}

/** @param {readonly import('../load/wrk.mjs').Burst[]} bursts */
function mediansOf(bursts) {
  const of = (/** @type {'rate' | 'p50' | 'p99' | 'refused'} */ name) => median(bursts.map((each) => each[name]));
  return { rate: of('rate'), p50: of('p50'), p99: of('p99'), refused: of('refused') };
}
