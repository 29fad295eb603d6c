// Applies the manifests to a real control plane: `node scripts/kubernetes-check.mjs --help`
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { buildControlPlane, VERSIONS } from './kubernetes/build-control-plane.mjs';
import { startControlPlane, until } from './kubernetes/control-plane.mjs';
import { installPythonTools } from './python-tools.mjs';

const help = `Usage: node scripts/kubernetes-check.mjs

Starts a control plane of Kubernetes ${VERSIONS.kubernetes} without nodes, applies each overlay twice, also server-side, and
checks that nothing is refused, that nothing changes the second time, and that all pods are created. The first run
builds the control plane (some 15 minutes; needs Go), later ones take a minute. The components keda and monitoring are
not checked: they need definitions of their own in the cluster.
`;
const NAMESPACE = 'accounts-orders';
const SECRETS = 'kubernetes/secrets';
/** Each overlay, and what is turned on in it. */
const SETUPS = [
  { overlay: 'local', components: [], pods: { accounts: 1, orders: 1, 'api-gateway': 1, kafka: 1, mongodb: 1 } },
  { overlay: 'gke', components: [], pods: { accounts: 2, orders: 2, 'api-gateway': 2 } },
  { overlay: 'gke', components: ['exposed-services'], pods: { accounts: 2, orders: 2 } },
];

/** @typedef {import('./kubernetes/control-plane.mjs').Cluster} Cluster */
/** @typedef {typeof SETUPS[number]} Setup */

/** @param {Cluster} cluster @param {Setup} setup @param {string} folder an empty one @returns {Promise<string[]>} what is wrong */
async function check({ kubectl }, { overlay, components, pods }, folder) {
  // kustomize takes relative paths only.
  const path = (/** @type {string} */ name) => relative(folder, join(process.cwd(), 'kubernetes', name));
  const parts = {
    resources: [path(`overlays/${overlay}`)],
    components: components.map((name) => path(`components/${name}`)),
  };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(parts));
  await kubectl('apply', '--filename', 'kubernetes/base/namespace.yaml');
  for (const secret of secrets()) await kubectl('--namespace', NAMESPACE, 'create', 'secret', 'generic', ...secret);
  /** @type {string[]} */
  const wrong = [];
  /** @param {string} what @param {string} output @param {RegExp} fits */
  const expectEach = (what, output, fits) => {
    const lines = output.trim().split('\n');
    wrong.push(...lines.filter((line) => !fits.test(line)).map((line) => `${what}: ${line}`));
  };
  expectEach('applied', await kubectl('apply', '--kustomize', folder), / (created|configured|unchanged)$/);
  // kubectl replaces the selector of a disruption budget each time, with the same one.
  const again = /(^poddisruptionbudget\S+ configured| unchanged)$/;
  expectEach('applied again', await kubectl('apply', '--kustomize', folder), again);
  const serverSide = ['apply', '--server-side', '--kustomize', folder];
  // Takes over what the applies before have set; a conflict with anybody else is an error.
  expectEach('applied server-side', await kubectl(...serverSide), / serverside-applied$/);
  const versions = async () => kubectl('--namespace', NAMESPACE, 'get', KINDS, '--output', GENERATIONS);
  const before = await versions();
  expectEach('applied server-side again', await kubectl(...serverSide), / serverside-applied$/);
  const after = await versions();
  if (after !== before) wrong.push(`applied server-side again: changed\n${before}\n${after}`);

  await until(`all pods of ${overlay} are created`, async () => {
    const names = await kubectl('--namespace', NAMESPACE, 'get', 'pods', '--output', 'name');
    for (const [name, number] of Object.entries(pods)) {
      const found = names.match(new RegExp(`^pod/${name}-[0-9a-z-]+$`, 'gm'))?.length ?? 0;
      if (found < number) throw new Error(`${found} of ${number} pods of ${name}`);
    }
  }).catch((/** @type {Error} */ error) => wrong.push(error.message));
  const refused = await kubectl(
    '--namespace',
    NAMESPACE,
    'get',
    'events',
    '--field-selector',
    'reason=FailedCreate',
    '--output',
    MESSAGES,
  );
  if (refused.trim() !== '') wrong.push(`pods were refused: ${refused}`);
  return wrong;
}

const KINDS = 'deployments,statefulsets,services,networkpolicies,poddisruptionbudgets,configmaps,serviceaccounts';
const GENERATIONS = 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\\n"}{end}';
const MESSAGES = 'jsonpath={range .items[*]}{.message}{"\\n"}{end}';

/** Names and keys of the examples, with values that nobody uses. @returns {string[][]} arguments of `create secret generic` */
function secrets() {
  return readdirSync(SECRETS).map((file) => {
    const text = readFileSync(join(SECRETS, file), 'utf8');
    const [, name = ''] = /^ {2}name: (\S+)$/m.exec(text) ?? [];
    const keys = [...text.matchAll(/^ {2}([\w.]+): \[/gm)].map(([, key]) => `--from-literal=${key}=x`);
    return [name, ...keys];
  });
}

async function run() {
  const programs = await buildControlPlane(console.log);
  const python = await installPythonTools('kubernetes', 'scripts/kubernetes/requirements.txt', console.log);
  const cluster = await startControlPlane(programs, join(python, 'kubectl'));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void cluster.stop().then(() => process.exit(1)));
  }
  let failed = false;
  try {
    for (const setup of SETUPS) {
      const folder = mkdtempSync(join(tmpdir(), 'kubernetes-overlay-'));
      const name = [setup.overlay, ...setup.components].join(' with ');
      const started = Date.now();
      const wrong = await check(cluster, setup, folder).catch((/** @type {Error} */ error) => [error.message]);
      rmSync(folder, { recursive: true });
      await cluster.kubectl('delete', 'namespace', NAMESPACE, '--ignore-not-found');
      console.log(
        `${name}: ${wrong.length === 0 ? 'as documented' : 'FAILED'} (${Math.round((Date.now() - started) / 1000)} s)`,
      );
      for (const line of wrong) console.error(`  ${line}`);
      failed ||= wrong.length > 0;
      // The next one may need names that are still being deleted.
      await until('the namespace is gone', async () => {
        const left = await cluster.kubectl('get', 'namespaces', '--output', 'name');
        if (left.includes(NAMESPACE)) throw new Error('it is still there');
      });
    }
  } finally {
    await cluster.stop();
  }
  process.exitCode = failed ? 1 : 0;
}

const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
if (values.help) process.stdout.write(help);
else await run();
