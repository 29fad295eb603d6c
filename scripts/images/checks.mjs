import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { START } from '../start-command.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {{ module: string, container: string, flags: string[], url: string, managementUrl: string }} Running */
/** @typedef {(line: string) => void} Log */

/** What the container says of itself, from inside. No shell: it may have none. */
const INSIDE = `
const fs = require('node:fs');
const there = (path) => fs.existsSync(path);
const writable = (path) => { try { fs.writeFileSync(path, ''); return true; } catch (error) { return error.code; } };
const packages = process.env.PACKAGES.split(' ').filter((path) => there('/app/' + path));
console.log(JSON.stringify({
  uid: process.getuid(), gid: process.getgid(), node: process.versions.node,
  init: fs.readFileSync('/proc/1/cmdline', 'utf8').split('\\0').filter(Boolean),
  writable: ['/app/x', '/tmp/x', '/x'].map(writable),
  managers: ['npm', 'npx', 'corepack', 'yarn'].filter((name) => there('/usr/local/bin/' + name)),
  npmrc: ['/root/.npmrc', '/app/.npmrc'].filter(there),
  sources: ['/app/src', '/app/test', '/app/scripts'].filter(there),
  packages,
}));`;

/** What holds of each image by itself. @param {Engine} engine @param {Running} running @param {Log} log */
export async function checkContainer(engine, { module, container, managementUrl }, log) {
  await eventually(async () => {
    const { status } = await readJson(await fetch(`${managementUrl}/health/ready`));
    if (status !== 'ready') throw new Error(`${module} is ${status}`);
  });
  const { needed, unwanted } = lockedPackages();
  const env = ['--env', `PACKAGES=${[...needed, ...unwanted].join(' ')}`];
  const inside = JSON.parse(await engine.run('podman', 'exec', ...env, container, 'node', '-e', INSIDE));
  mustEqual(`${module}: its user`, [inside.uid, inside.gid], [10001, 10001]);
  mustEqual(`${module}: process 1`, inside.init, [...START, '--module', module]);
  mustEqual(`${module}: writing to /app, /tmp and /`, inside.writable, ['EROFS', true, 'EROFS']);
  mustEqual(`${module}: package managers in it`, inside.managers, []);
  mustEqual(`${module}: npm settings in it`, inside.npmrc, []);
  mustEqual(`${module}: sources in it`, inside.sources, []);
  mustEqual(`${module}: packages in it`, inside.packages.toSorted(), needed.toSorted());
  log(`${module}: Node ${inside.node} is process 1, user 10001, root file system read-only, ${needed.length} packages`);

  const [{ Config }] = JSON.parse(await engine.run('podman', 'inspect', container));
  const [{ Config: image }] = JSON.parse(await engine.run('podman', 'image', 'inspect', `localhost/${module}:check`));
  if (!image.Env.includes('HOST=0.0.0.0')) throw new Error(`${module}: it would listen on no address of its container`);
  const probe = /** @type {string[]} */ (Config.Healthcheck.Test);
  mustEqual(`${module}: form of the health check`, probe.slice(0, 2), ['CMD', 'node']);
  await engine.run('podman', 'exec', container, ...probe.slice(1));
  await engine.run('podman', 'healthcheck', 'run', container);
  const wrongPort = engine.run('podman', 'exec', '--env', 'MANAGEMENT_PORT=1', container, ...probe.slice(1));
  if (
    await wrongPort.then(
      () => true,
      () => false,
    )
  )
    throw new Error(`${module}: its health check cannot fail`);
  log(`${module}: the health check succeeds, and fails where nothing answers`);

  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  const info = await readJson(await fetch(`${managementUrl}/info`));
  const revision = Config.Labels['org.opencontainers.image.revision'];
  mustEqual(`${module}: commit in /info`, info.commit, revision);
  mustEqual(`${module}: commit in the labels`, revision.replace(/-modified$/, ''), commit);
  mustEqual(`${module}: version`, Config.Labels['org.opencontainers.image.version'], info.version);
  mustEqual(`${module}: modules`, info.modules, [module]);
  const [{ Size }] = JSON.parse(await engine.run('podman', 'image', 'inspect', `localhost/${module}:check`));
  log(`${module}: /info says ${info.version} of ${revision}; ${Math.round(Size / 1e6)} MB with its base`);
}

/** What holds of the two together. @param {Engine} engine @param {Running[]} all @param {Log} log */
export async function checkTogether(engine, all, log) {
  const [accounts, orders] = /** @type {[Running, Running]} */ (all);
  const registered = await fetch(`${accounts.url}/accounts/customers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: { firstName: 'Ada', lastName: 'Lovelace' },
      contact: { email: 'ada@example.com' },
      addresses: [],
    }),
  });
  mustEqual('accounts: registering', registered.status, 201);
  const { id } = await readJson(registered);
  const copy = await fetch(`${orders.url}/orders/customers/${id}?minVersion=1`, { headers: { prefer: 'wait=10' } });
  mustEqual('orders: the copy of the customer', [copy.status, (await readJson(copy)).customerVersion], [200, 1]);
  log('a customer registered in accounts is known to orders');
}

/** How they end. @param {Engine} engine @param {Running[]} all @param {Log} log */
export async function checkStops(engine, all, log) {
  for (const { module, container } of all) {
    const started = Date.now();
    await engine.run('podman', 'kill', '--signal', 'TERM', container);
    mustEqual(`${module}: exit code after SIGTERM`, await engine.run('podman', 'wait', container), '0');
    log(`${module}: SIGTERM ends it with exit code 0, after ${Date.now() - started} ms`);
  }
}

/** Folders of the packages that an image is to have, and of those that only its build needs. */
function lockedPackages() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const all = Object.entries(packages).filter(([path, { optional, peer }]) => path !== '' && !optional && !peer);
  const paths = (/** @type {boolean} */ dev) => all.filter(([, entry]) => (entry.dev === true) === dev);
  return { needed: paths(false).map(([path]) => path), unwanted: paths(true).map(([path]) => path) };
}

/** @param {Response} response @returns {Promise<any>} */
const readJson = (response) => response.json();

/** @param {string} what @param {unknown} is @param {unknown} wanted */
function mustEqual(what, is, wanted) {
  if (!isDeepStrictEqual(is, wanted))
    throw new Error(`${what} should be ${JSON.stringify(wanted)} and is ${JSON.stringify(is)}`);
}

/** @param {() => Promise<void>} attempt */
async function eventually(attempt) {
  for (const deadline = Date.now() + 60_000; ; await sleep(200)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
