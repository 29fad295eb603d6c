import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { canUnpackDebianPackages, unpackDebianPackage } from '../servers/debian-packages.mjs';
import { cache, once } from '../servers/downloads.mjs';

const home = join(cache, 'prometheus');

/** One line that says what the machine lacks to test alerts, or undefined. @returns {string | undefined} */
export function missingPromtool() {
  if (isInstalled() || existsSync(home) || canUnpackDebianPackages()) return undefined;
  return "Prometheus' promtool is missing, and there is no apt-get to download it with.";
}

/**
 * The machine's own promtool; else that of Debian's package `prometheus`, unpacked once into the cache.
 * @returns {Promise<string>} the program
 */
export async function promtool() {
  if (isInstalled()) return 'promtool';
  await once(home, (folder) => unpackDebianPackage('prometheus', folder));
  return join(home, 'usr', 'bin', 'promtool');
}

function isInstalled() {
  return spawnSync('promtool', ['--version']).status === 0;
}
