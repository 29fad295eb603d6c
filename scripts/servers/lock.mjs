import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const abandonedAfterMs = 5 * 60_000;

/**
 * Does the work while no other process, and no other call in this one, does work under the same lock file.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 */
export async function exclusively(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  while (!take(file)) await sleep(100);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function take(file) {
  // A link appears with its content or not at all, so that a lock never is without its owner's pid.
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch {
    if (isAbandoned(file)) rmSync(file, { force: true });
    return false;
  } finally {
    rmSync(own);
  }
}

/** @param {string} file */
function isAbandoned(file) {
  try {
    // Old enough is enough: after a reboot the pid may belong to a stranger that never ends.
    if (statSync(file).mtimeMs < Date.now() - abandonedAfterMs) return true;
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}
