import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canUnpackDebianPackages, unpackDebianPackage } from './debian-packages.mjs';
import { cache, once } from './downloads.mjs';

const home = join(cache, 'haproxy');
const oldest = 2.6;

/** One line that says what the machine lacks to run the gateway, or undefined. @returns {string | undefined} */
export function missingHaproxy() {
  if (process.platform !== 'linux')
    return 'The gateway runs on Linux alone: it has a socket in the abstract namespace.';
  if (isInstalled() || existsSync(home) || canUnpackDebianPackages()) return undefined;
  return `HAProxy ${oldest} or later is missing, and there is no apt-get to download it with.`;
}

/**
 * The machine's own HAProxy, if it is new enough; else that of Debian's packages, unpacked once into the cache, which
 * needs no root.
 * @returns {Promise<{ file: string, env: NodeJS.ProcessEnv }>} what to run, and the variables that it needs
 */
export async function haproxy() {
  if (isInstalled()) return { file: 'haproxy', env: { PATH: path() } };
  await once(home, (folder) => unpackDebianPackage('haproxy', folder));
  const libraries = join(home, 'usr', 'lib');
  const folders = (await readdir(libraries))
    .filter((name) => name.includes('-linux-'))
    .map((name) => join(libraries, name));
  return { file: join(home, 'usr', 'sbin', 'haproxy'), env: { LD_LIBRARY_PATH: folders.join(':') } };
}

function isInstalled() {
  const { stdout } = spawnSync('haproxy', ['-v'], { encoding: 'utf8', env: { PATH: path() } });
  return Number(/version (\d+\.\d+)/.exec(stdout ?? '')?.[1] ?? 0) >= oldest;
}

/** With where Debian has it, which is not on everybody's path. */
function path() {
  return `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`;
}
