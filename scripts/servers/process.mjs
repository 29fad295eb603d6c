import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const stoppedWithinMs = 10_000;

/** @param {string} folder */
export const logFile = (folder) => join(folder, 'server.log');
/** @param {string} folder */
const pidFile = (folder) => join(folder, 'pid');

/**
 * The pid in the folder's pid file, if that process still is the server whose command line ends with the signature:
 * after a reboot or a crash the number may belong to a stranger.
 * @param {string} folder @param {string} signature
 * @returns {number | undefined}
 */
export function runningPid(folder, signature) {
  const pid = recordedPid(folder);
  return pid !== undefined && commandLine(pid).endsWith(signature) ? pid : undefined;
}

/** @param {string} folder */
export function recordedPid(folder) {
  return existsSync(pidFile(folder)) ? Number(readFileSync(pidFile(folder), 'utf8')) : undefined;
}

/** Whether a SIGSTOP holds it. @param {number} pid */
export function isSuspended(pid) {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
  } catch {
    return false;
  }
}

/** @param {number} pid @returns {string} empty for a process that is gone, a zombie included */
function commandLine(pid) {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trimEnd();
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trimEnd();
  } catch {
    return '';
  }
}

/**
 * Starts a server that outlives this process. Its output goes to the folder's log; that of the run before is kept beside it.
 * @param {string} folder
 * @param {{ file: string, args: string[], env: NodeJS.ProcessEnv }} command
 */
export async function launch(folder, { file, args, env }) {
  const log = logFile(folder);
  if (existsSync(log)) renameSync(log, `${log}.1`);
  const output = openSync(log, 'w');
  const child = spawn(file, args, { cwd: folder, env, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  await new Promise((done, fail) => child.once('spawn', done).once('error', fail));
  child.unref();
  writeFileSync(pidFile(folder), `${child.pid}\n`);
}

/**
 * Ends the server of this folder, the hard way if it takes too long.
 * @param {string} folder @param {string} signature @param {NodeJS.Signals} signal
 * @returns {Promise<number | undefined>} the pid it had
 */
export async function terminate(folder, signature, signal) {
  const pid = runningPid(folder, signature);
  if (pid !== undefined) {
    kill(pid, signal);
    // One that is suspended would not see the signal.
    kill(pid, 'SIGCONT');
    if (!(await gone(folder, signature))) {
      kill(pid, 'SIGKILL');
      await gone(folder, signature);
    }
  }
  rmSync(pidFile(folder), { force: true });
  return pid;
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It may have ended by itself meanwhile.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {string} folder @param {string} signature */
async function gone(folder, signature) {
  for (const deadline = Date.now() + stoppedWithinMs; Date.now() < deadline; await sleep(50))
    if (runningPid(folder, signature) === undefined) return true;
  return false;
}
