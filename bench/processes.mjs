import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_OPTIONS } from '../scripts/start-command.mjs';

/** Milliseconds. */
const MAX_TO_START = 60_000;

/**
 * @typedef {object} Subject
 * @property {number} port
 * @property {number} managementPort
 * @property {number} pid
 * @property {number} startedIn milliseconds until it took requests
 * @property {() => number} megabytes resident now
 * @property {() => number} mostMegabytes resident so far
 * @property {() => number} cpuMillis CPU time so far, of all threads
 * @property {() => Promise<void>} settled answers once its CPU time stands still
 * @property {() => Promise<void>} stop
 * @property {() => Promise<void>} kill ends it as a crash does
 */

/**
 * Starts a Node.js script that listens on PORT, and answers when it does.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {(subject: { port: number, managementPort: number }) => string} ready what answers 200 once it is
 * @param {string} [folder] in which it runs
 * @returns {Promise<Subject>}
 */
export async function start(args, env, ready, folder) {
  const [port, managementPort] = [await freePort(), await freePort()];
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env, PORT: String(port), MANAGEMENT_PORT: String(managementPort), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: folder,
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = ready({ port, managementPort });
  while (!(await answers(url))) {
    if (performance.now() - began > MAX_TO_START) {
      child.kill();
      throw new Error(`${args.join(' ')} is not ready: ${url}`);
    }
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`);
    await sleep(10);
  }
  return {
    port,
    managementPort,
    pid: child.pid ?? Number.NaN,
    startedIn: performance.now() - began,
    megabytes: () => resident(child.pid, 'VmRSS'),
    mostMegabytes: () => resident(child.pid, 'VmHWM'),
    cpuMillis: () => cpuMillisOf(child.pid),
    settled: () => standsStill(child.pid),
    stop: async () => {
      child.kill();
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * The service itself.
 * @param {'accounts' | 'orders' | 'all'} module @param {NodeJS.ProcessEnv} env
 * @param {string} [folder] of another version of it
 */
export function startService(module, env, folder) {
  const args = [...NODE_OPTIONS, 'dist/main.js', 'serve', '--module', module];
  return start(args, env, ({ managementPort }) => `http://127.0.0.1:${managementPort}/health/ready`, folder);
}

/** What it is held against: a script of `bench/baselines`. @param {string} script @param {NodeJS.ProcessEnv} env */
export function startBaseline(script, env) {
  return start([`bench/baselines/${script}`], env, ({ port }) => `http://127.0.0.1:${port}/`);
}

/**
 * Runs a Node.js script to its end; seconds, most memory and what it printed.
 * @param {string[]} args @param {NodeJS.ProcessEnv} env @param {string} [folder] in which it runs
 */
export async function run(args, env, folder) {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: folder,
  });
  let [output, megabytes] = ['', 0];
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const watch = setInterval(() => {
    const now = resident(child.pid, 'VmHWM');
    if (now > megabytes) megabytes = now;
  }, 100);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output}`);
  return { seconds: (performance.now() - began) / 1000, megabytes, output };
}

/** Megabytes; NaN where the system does not tell. @param {number | undefined} pid @param {'VmRSS' | 'VmHWM'} what */
function resident(pid, what) {
  try {
    const [, kilobytes = 'NaN'] =
      new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return Number.NaN;
  }
}

/** @param {number | undefined} pid */
async function standsStill(pid) {
  for (let before = Number.NaN, now = cpuTicks(pid); !(now - before <= 3); before = now, now = cpuTicks(pid)) {
    await sleep(300);
    if (Number.isNaN(now)) return;
  }
}

/** CPU time of a process so far, of all its threads; NaN where the system does not tell. @param {number | undefined} pid */
export function cpuMillisOf(pid) {
  return cpuTicks(pid) * 10;
}

/** Hundredths of a second. @param {number | undefined} pid */
function cpuTicks(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
    return Number(fields[13]) + Number(fields[14]);
  } catch {
    return Number.NaN;
  }
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(url)).status !== 503;
  } catch {
    return false;
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
