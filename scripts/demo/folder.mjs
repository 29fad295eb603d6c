import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The file with the id of the process whose demo uses the folder. It marks a folder that may be deleted. */
const OWNER = 'demo.pid';

/**
 * Makes a folder ready for the data of a demo.
 * @param {string} folder
 * @param {boolean} keeps the data that are in it
 * @throws Error when another demo uses it, or something that is no demo
 */
export function takeFolder(folder, keeps) {
  const owner = path.join(folder, OWNER);
  if (existsSync(folder)) {
    if (!existsSync(owner)) throw new Error(`${folder}: exists, and is not of a demo; choose another --data-dir`);
    const pid = Number(readFileSync(owner, 'utf8'));
    if (isRunning(pid)) throw new Error(`${folder}: another demo uses it (process ${pid}); choose another --data-dir`);
    if (!keeps) rmSync(folder, { recursive: true });
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(owner, String(process.pid));
}

/** Returns the size of all files in a folder. @param {string} folder */
export function bytesIn(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  // A file may be gone by then: the databases replace their files.
  return files.reduce(
    (sum, file) => sum + (statSync(path.join(folder, file), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return pid > 0 && pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}
