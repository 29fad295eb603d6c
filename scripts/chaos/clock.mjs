import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARIES = '/usr/lib';

/** Debian's libfaketime; undefined where it is missing. @returns {string | undefined} */
export function faketimeLibrary() {
  if (!existsSync(LIBRARIES)) return undefined;
  const folders = ['', ...readdirSync(LIBRARIES)].map((folder) => join(LIBRARIES, folder, 'faketime'));
  return folders.map((folder) => join(folder, 'libfaketimeMT.so.1')).find((file) => existsSync(file));
}

/**
 * The environment of a process whose clock is off. Its timers are not: the monotonic clock stays as it is.
 * @param {string} library @param {string} offset such as `+10m`
 */
export function wrongClock(library, offset) {
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
