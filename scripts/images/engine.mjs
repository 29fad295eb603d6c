import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cache } from '../servers/downloads.mjs';

/** Where stand-ins and images are kept. */
export const home = join(dirname(cache), 'images');

/** What works in a sandbox, too: no more than this process may have, no cgroups of its own, no journal. */
function settings() {
  const { stdout } = spawnSync('bash', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  const files = Math.min(Number(stdout) || 65_536, 65_536);
  return `[containers]
default_ulimits = ["nofile=${files}:${files}", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;
}

/**
 * @typedef {object} Engine buildah and podman on a storage of their own: nothing of the user's is seen or touched
 * @property {NodeJS.ProcessEnv} env with which the two find that storage
 * @property {(command: string, ...args: string[]) => Promise<string>} run answers what it printed; rejects with the end of that if it fails
 * @property {(image: string) => Promise<boolean>} has
 * @property {() => Promise<void>} wipe
 */

/** One line that says what the machine lacks, or undefined. @param {string[]} commands */
export function missingCommand(commands) {
  const missing = commands.filter((command) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0);
  return missing.length === 0 ? undefined : `missing: on Debian \`apt-get install ${missing.join(' ')}\``;
}

/** @returns {Promise<Engine>} */
export async function openEngine() {
  const storage = join(home, 'storage');
  await mkdir(storage, { recursive: true });
  const file = join(home, 'containers.conf');
  const storageFile = join(home, 'storage.conf');
  await writeFile(file, settings());
  const roots = `graphroot = "${storage}/graph"\nrunroot = "${storage}/run"\n`;
  await writeFile(storageFile, `[storage]\ndriver = "${await storageDriver()}"\n${roots}`);
  const env = {
    ...process.env,
    CONTAINERS_CONF: file,
    CONTAINERS_STORAGE_CONF: storageFile,
    BUILDAH_ISOLATION: 'chroot',
  };
  return {
    env,
    run: (command, ...args) => run(env, command, args),
    has: (image) =>
      run(env, 'podman', ['image', 'exists', image]).then(
        () => true,
        () => false,
      ),
    wipe: () => rm(storage, { recursive: true, force: true }),
  };
}

/** The one that copies every layer whole works everywhere, but takes minutes and gigabytes. @returns {Promise<'overlay' | 'vfs'>} */
async function storageDriver() {
  const folder = await mkdtemp(join(home, 'overlay-'));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name));
  for (const each of [lower, upper, work, merged]) await mkdir(/** @type {string} */ (each));
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const works = spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', options, String(merged)]).status === 0;
  if (works) spawnSync('umount', [String(merged)]);
  await rm(folder, { recursive: true, force: true });
  return works ? 'overlay' : 'vfs';
}

/** @param {NodeJS.ProcessEnv} env @param {string} command @param {string[]} args @returns {Promise<string>} */
function run(env, command, args) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let everything = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    printed += text;
    everything += text;
  });
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => (everything += text));
  return new Promise((done, fail) => {
    child.once('error', fail).once('close', (code) => {
      if (code === 0) return done(printed.trim());
      const end = everything.trimEnd().split('\n').slice(-20).join('\n');
      fail(new Error(`${command} ${args[0]} failed with exit code ${code}:\n${end}`));
    });
  });
}
