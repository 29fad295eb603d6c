import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cache, once, run } from './downloads.mjs';

const home = join(cache, 'haproxy');
const oldest = 2.6;

/** One line that says what the machine lacks to run the gateway, or undefined. @returns {string | undefined} */
export function missingHaproxy() {
  if (process.platform !== 'linux')
    return 'The gateway runs on Linux alone: it has a socket in the abstract namespace.';
  if (isInstalled() || existsSync(home) || (answers('apt-get', '--version') && answers('dpkg', '--version')))
    return undefined;
  return `HAProxy ${oldest} or later is missing, and there is no apt-get to download it with.`;
}

/**
 * The machine's own HAProxy, if it is new enough; else that of Debian's packages, unpacked once into the cache, which
 * needs no root.
 * @returns {Promise<{ file: string, env: NodeJS.ProcessEnv }>} what to run, and the variables that it needs
 */
export async function haproxy() {
  if (isInstalled()) return { file: 'haproxy', env: { PATH: path() } };
  await once(home, async (folder) => {
    const apt = join(folder, 'apt');
    for (const each of ['lists', 'cache']) await mkdir(join(apt, each, 'partial'), { recursive: true });
    await mkdir(join(apt, 'cache', 'archives', 'partial'), { recursive: true });
    // Lists of its own: those of the machine may be missing, or old, and are not ours to change.
    const own = [
      `Dir::State::Lists=${apt}/lists`,
      `Dir::Cache=${apt}/cache`,
      'Debug::NoLocking=true',
      'APT::Sandbox::User=',
    ];
    const options = ['-qq', ...own.flatMap((option) => ['-o', option])];
    await run('apt-get', ...options, 'update');
    const packages = ['--yes', '--no-install-recommends', '--download-only', 'install', 'haproxy'];
    await run('apt-get', ...options, ...packages);
    const archives = join(apt, 'cache', 'archives');
    for (const file of (await readdir(archives)).filter((name) => name.endsWith('.deb')))
      await run('dpkg', '--extract', join(archives, file), folder);
    await rm(apt, { recursive: true });
  });
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

/** @param {string} command @param {string[]} args */
function answers(command, ...args) {
  return spawnSync(command, args).status === 0;
}
