// Builds both images, runs them on the real servers, and holds them to what a cluster relies on. Not part of the tests:
// it needs root and minutes. `node scripts/images-check.mjs --help`
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkContainer, checkStops, checkTogether } from './images/checks.mjs';
import { checkCommands } from './images/commands.mjs';
import { missingCommand, openEngine } from './images/engine.mjs';
import { buildStandInNode, NODE_IMAGE } from './images/stand-in-node.mjs';
import { freePort } from './servers/ports.mjs';
import { startServers, stopServers } from './servers.mjs';

const help = `Usage: node scripts/images-check.mjs [--stand-in] [--keep]

Builds the images accounts and orders with buildah, runs them read-only with podman on the servers of
\`npm run servers\`, and checks them. Needs root, buildah, podman and runc.

  --stand-in   makes the base image from Debian and npm packages, where none can be pulled; needs debootstrap
  --keep       keeps what was built for the next run; otherwise it is deleted
`;
const NAME = 'images-check';
/** The images that the Dockerfile has. */
const MODULES = [...readFileSync('Dockerfile', 'utf8').matchAll(/^FROM runtime AS (\w+)$/gm)].map(([, name]) =>
  String(name),
);
/** @param {string} line */
const say = (line) => console.error(line);

/** @param {import('./images/engine.mjs').Engine} engine @param {boolean} standIn */
async function build(engine, standIn) {
  const folder = await mkdtemp(join(tmpdir(), 'accounts-orders-npmrc-'));
  try {
    const npmrc = join(folder, 'npmrc');
    const own = await readFile(join(homedir(), '.npmrc'), 'utf8').catch(() => '');
    const cafile = spawnSync('npm', ['config', 'get', 'cafile'], { encoding: 'utf8' }).stdout.trim();
    const trusted = cafile.startsWith('/');
    await writeFile(npmrc, trusted ? `${own}\ncafile=${cafile}\n` : own, { mode: 0o600 });
    const flags = [
      ...(standIn ? ['--pull-never'] : []),
      ...(trusted ? [`--volume=${cafile}:${cafile}:ro`] : []),
      '--layers',
    ];
    const env = {
      ...engine.env,
      BUILDER: 'buildah',
      TAG: 'check',
      NPMRC: npmrc,
      BUILD_FLAGS: flags.join(' '),
      SBOM_FOLDER: join(folder, 'sbom'),
      // The stand-in has the tag of what it stands for, not its digest.
      ...(standIn && { NODE_IMAGE }),
    };
    // The builder's own output goes where it can be watched.
    execFileSync('scripts/docker-build-push.sh', ['--no-push'], { env, stdio: ['ignore', 2, 2] });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * @param {import('./images/engine.mjs').Engine} engine @param {string} module
 * @param {{ kafka: string, mongodb: string, masterKeys: string }} servers
 * @returns {Promise<import('./images/checks.mjs').Running>}
 */
async function runImage(engine, module, servers) {
  const port = await freePort(undefined, []);
  const managementPort = await freePort(undefined, [port]);
  const settings = {
    HOST: '127.0.0.1',
    PORT: port,
    MANAGEMENT_PORT: managementPort,
    KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
    MONGODB_URI: servers.mongodb,
    MASTER_KEYS_FILE: '/etc/master-keys',
    AUTH_MODE: 'none',
  };
  const locked = [
    '--network=host',
    '--read-only',
    '--read-only-tmpfs=false',
    // As the manifests mount a volume there.
    '--tmpfs=/tmp:rw,nosuid,nodev,size=64m,mode=1777',
    '--cap-drop=all',
    '--security-opt=no-new-privileges',
  ];
  const given = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const container = `${NAME}-${module}`;
  const flags = [...locked, `--volume=${servers.masterKeys}:/etc/master-keys:ro`, ...given];
  await engine.run('podman', 'run', '--detach', '--name', container, ...flags, `localhost/${module}:check`);
  return {
    module,
    container,
    flags,
    url: `http://127.0.0.1:${port}`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
  };
}

async function main() {
  const { values } = parseArgs({
    options: { 'stand-in': { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return void process.stdout.write(help);
  const standIn = values['stand-in'] === true;
  const missing = missingCommand(['buildah', 'podman', 'runc', ...(standIn ? ['debootstrap'] : [])]);
  if (missing !== undefined) throw new Error(missing);
  const engine = await openEngine();
  try {
    if (standIn) await buildStandInNode(engine, say);
    await build(engine, standIn);
    const servers = await startServers({ name: NAME, log: say });
    // The user of the images is another one.
    chmodSync(servers.masterKeys, 0o644);
    /** @type {import('./images/checks.mjs').Running[]} */
    const running = [];
    for (const module of MODULES) running.push(await runImage(engine, module, servers));
    for (const each of running) await checkContainer(engine, each, console.log);
    await checkTogether(engine, running, console.log);
    for (const each of running) await checkCommands(engine, each, console.log);
    await checkStops(engine, running, console.log);
    console.log('images-check: all of it holds');
  } finally {
    for (const module of MODULES)
      await engine.run('podman', 'rm', '--force', '--ignore', `${NAME}-${module}`).catch(say);
    await stopServers({ name: NAME, wipe: true });
    if (!values.keep) await engine.wipe();
  }
}

main().catch((/** @type {Error} */ error) => {
  console.error(`images-check: FAILED: ${error.message}`);
  process.exitCode = 1;
});
