import { existsSync } from 'node:fs';
import path from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Returns the browser of this machine: CHROMIUM, or one on the PATH.
 * @returns {string | undefined}
 */
export function findChromium() {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM) return CHROMIUM;
  const candidates = PATH.split(path.delimiter).flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return candidates.find((file) => existsSync(file));
}

/**
 * Returns why there is no browser; undefined if there is one.
 * @returns {string | undefined}
 */
export function missingChromium() {
  return findChromium() === undefined ? 'no Chromium on the PATH, and CHROMIUM is not set' : undefined;
}
