import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const fileOf = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const REPORT = fileOf('report.lua');

/**
 * @typedef {object} Burst
 * @property {number} rate answers a second
 * @property {number} p50 milliseconds, as the others
 * @property {number} p90
 * @property {number} p99
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
export async function burst(port, { connections, seconds, delay = 0, ids }) {
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '-s',
    fileOf(ids === undefined ? 'register-customers.lua' : 'change-customers.lua'),
    `http://127.0.0.1:${port}`,
  ];
  const seed = String(Math.floor(Math.random() * 8e8));
  const env = { ...process.env, REPORT, SEED: seed, DELAY: String(delay), ...(ids !== undefined && { IDS: ids }) };
  const output = await new Promise((resolve, reject) => {
    execFile('wrk', args, { env }, (error, stdout) => (error ? reject(explained(error)) : resolve(stdout)));
  });
  const { requests, seconds: took, broken, ...others } = JSON.parse(String(output).trim().split('\n').at(-1) ?? '');
  if (broken > 0) throw new Error(`${broken} connections broke`);
  return { rate: requests / took, ...others };
}

/** @param {import('node:child_process').ExecFileException} error */
function explained(error) {
  return error.code === 'ENOENT' ? new Error('wrk is not installed: apt-get install wrk, brew install wrk') : error;
}
