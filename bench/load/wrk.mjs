import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const fileOf = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const REPORT = fileOf('report.lua');

/**
 * @typedef {object} Burst
 * @property {number} requests that were answered
 * @property {number} rate answers a second
 * @property {number} p50 milliseconds, as the others
 * @property {number} p90
 * @property {number} p95
 * @property {number} p99
 * @property {number} p999
 * @property {number} max
 * @property {number} refused answers with an error status
 */

/**
 * Registers customers over that many connections for a while, or changes some that there are.
 * @param {number} port
 * @param {{ connections: number, seconds: number, delay?: number, ids?: string }} load `delay`: milliseconds, on
 *   average, that a connection waits before each request; `ids`: a file with the ids of those to change, one a line
 * @returns {Promise<Burst>}
 * @throws Error when wrk is not there, or a connection broke
 */
export function burst(port, { connections, seconds, delay = 0, ids }) {
  const script = ids === undefined ? 'register-customers.lua' : 'change-customers.lua';
  return wrk(port, { script, threads: 1, connections, seconds }, { DELAY: String(delay), ...(ids && { IDS: ids }) });
}

/**
 * Lets each of some clients send the requests of a script for a while, one after the other.
 * @param {number} port @param {string} script @param {{ clients: number, seconds: number }} load
 * @param {NodeJS.ProcessEnv} settings of the script
 * @returns {Promise<Burst>} @throws Error as {@link burst}
 */
export function clientsOf(port, script, { clients, seconds }, settings) {
  return wrk(port, { script, threads: clients, connections: clients, seconds }, settings);
}

/**
 * @param {number} port @param {{ script: string, threads: number, connections: number, seconds: number }} load
 * @param {NodeJS.ProcessEnv} settings @returns {Promise<Burst>}
 */
async function wrk(port, { script, threads, connections, seconds }, settings) {
  const load = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, '--timeout', '10s'];
  const args = [...load, '-s', fileOf(script), `http://127.0.0.1:${port}`];
  const seed = String(Math.floor(Math.random() * 8e8));
  const env = { ...process.env, REPORT, SEED: seed, ...settings };
  const output = await new Promise((resolve, reject) => {
    execFile('wrk', args, { env }, (error, stdout) => (error ? reject(explained(error)) : resolve(stdout)));
  });
  const { requests, seconds: took, broken, ...others } = JSON.parse(String(output).trim().split('\n').at(-1) ?? '');
  if (broken > 0) throw new Error(`${broken} connections broke`);
  return { requests, rate: requests / took, ...others };
}

/** @param {import('node:child_process').ExecFileException} error */
function explained(error) {
  return error.code === 'ENOENT' ? new Error('wrk is not installed: apt-get install wrk, brew install wrk') : error;
}
