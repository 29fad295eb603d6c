import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './downloads.mjs';

/** True where {@link unpackDebianPackage} can work. */
export function canUnpackDebianPackages() {
  return answers('apt-get', '--version') && answers('dpkg', '--version');
}

/**
 * Unpacks a package of Debian with what it needs, without root and without installing anything.
 * @param {string} name @param {string} folder an empty one
 */
export async function unpackDebianPackage(name, folder) {
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
  await run('apt-get', ...options, '--yes', '--no-install-recommends', '--download-only', 'install', name);
  const archives = join(apt, 'cache', 'archives');
  for (const file of (await readdir(archives)).filter((each) => each.endsWith('.deb')))
    await run('dpkg', '--extract', join(archives, file), folder);
  await rm(apt, { recursive: true });
}

/** @param {string} command @param {string[]} args */
function answers(command, ...args) {
  return spawnSync(command, args).status === 0;
}
