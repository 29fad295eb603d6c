import { spawnSync } from 'node:child_process';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { once, run } from '../servers/downloads.mjs';
import { home } from './engine.mjs';

/** The image that the Dockerfile is built on. */
export const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim';

/**
 * A minimal Debian, from the mirror that the machine itself installs from.
 * @param {string} name @param {string[]} packages beyond the minimum @param {(line: string) => void} log
 * @returns {Promise<string>} its folder
 */
export async function debianRoot(name, packages, log) {
  const root = join(home, name);
  await once(root, async (folder) => {
    log(`Installing a minimal Debian with ${packages.join(', ')} (once) ...`);
    const include = `--include=${packages.join(',')}`;
    await run('debootstrap', '--variant=minbase', include, 'bookworm', folder, debianMirror());
    await rm(join(folder, 'var/cache/apt'), { recursive: true, force: true });
  });
  return root;
}

/** @returns {string} */
function debianMirror() {
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const site = /^(\S+) bookworm$/m.exec(stdout)?.[1];
  if (site === undefined) throw new Error('apt knows no mirror of Debian bookworm: run `apt-get update`');
  return site;
}

/** Node 24 and npm, from the npm packages. @param {(line: string) => void} log @returns {Promise<string>} for /usr/local */
export async function installNode(log) {
  const local = join(home, 'node-24');
  await once(local, async (folder) => {
    log('Downloading Node 24 and npm with npm (once) ...');
    await run('npm', 'install', '--prefix', folder, '--no-save', '--no-package-lock', 'node@24', 'npm@11');
    await mkdir(join(folder, 'bin'));
    await cp(join(folder, 'node_modules/node/bin/node'), join(folder, 'bin/node'));
    await mkdir(join(folder, 'lib/node_modules'), { recursive: true });
    await cp(join(folder, 'node_modules/npm'), join(folder, 'lib/node_modules/npm'), { recursive: true });
    await rm(join(folder, 'node_modules'), { recursive: true });
  });
  return local;
}

/**
 * Stands in for {@link NODE_IMAGE} where no image can be pulled.
 * @param {import('./engine.mjs').Engine} engine @param {(line: string) => void} log
 */
export async function buildStandInNode(engine, log) {
  if (await engine.has(NODE_IMAGE)) return;
  const debian = await debianRoot('debian-node', ['ca-certificates'], log);
  const container = await engine.run('buildah', 'from', 'scratch');
  await engine.run('buildah', 'add', '--quiet', container, debian, '/');
  await engine.run('buildah', 'add', '--quiet', container, await installNode(log), '/usr/local');
  const npm = 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm';
  await engine.run('buildah', 'run', container, '--', 'sh', '-c', npm);
  await engine.run('buildah', 'config', '--env', 'NODE_VERSION=24', '--cmd', 'node', container);
  await engine.run('buildah', 'commit', '--quiet', '--rm', container, NODE_IMAGE);
}
