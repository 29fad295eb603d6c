import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../servers/ports.mjs';

/**
 * @typedef {object} Cluster a control plane without nodes: it accepts objects and creates pods, and starts none
 * @property {(...args: string[]) => Promise<string>} kubectl what it printed; throws what went wrong
 * @property {() => Promise<void>} stop
 */

/**
 * Starts etcd, the API server and the controllers on this machine, with nothing in them.
 * @param {string} programs folder of etcd, kube-apiserver and kube-controller-manager
 * @param {string} kubectlFile @returns {Promise<Cluster>}
 */
export async function startControlPlane(programs, kubectlFile) {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = [];
  const file = (/** @type {string} */ name) => join(folder, name);
  const start = (/** @type {string} */ name, /** @type {Record<string, string>} */ flags) => {
    const log = openSync(file(`${name}.log`), 'w');
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    children.push(spawn(join(programs, name), args, { stdio: ['ignore', log, log] }));
  };
  const stop = async () => {
    for (const child of [...children].reverse()) {
      const ended = child.exitCode === null ? new Promise((done) => child.once('exit', done)) : undefined;
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    /** @type {number[]} */
    const taken = [];
    for (let port = 0; port < 4; port += 1) taken.push(await freePort(undefined, taken));
    const [etcd, peers, api, controllers] = taken.map(String);
    const token = randomBytes(16).toString('hex');
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(file('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(file('key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(file('tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
    writeFileSync(file('config'), kubeconfig(`https://127.0.0.1:${api}`, token), { mode: 0o600 });
    start('etcd', {
      'data-dir': file('etcd'),
      'listen-client-urls': `http://127.0.0.1:${etcd}`,
      'advertise-client-urls': `http://127.0.0.1:${etcd}`,
      'listen-peer-urls': `http://127.0.0.1:${peers}`,
      'initial-advertise-peer-urls': `http://127.0.0.1:${peers}`,
      'initial-cluster': `default=http://127.0.0.1:${peers}`,
      'unsafe-no-fsync': 'true',
    });
    start('kube-apiserver', {
      'etcd-servers': `http://127.0.0.1:${etcd}`,
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'secure-port': String(api),
      'cert-dir': file('certificates'),
      'token-auth-file': file('tokens.csv'),
      'authorization-mode': 'RBAC',
      'service-cluster-ip-range': '10.96.0.0/16',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': file('key.pub'),
      'service-account-signing-key-file': file('key.pem'),
      'endpoint-reconciler-type': 'none',
    });
    const kubectl = async (/** @type {string[]} */ ...args) => {
      const options = { encoding: /** @type {const} */ ('utf8'), maxBuffer: 2 ** 26 };
      const { status, stdout, stderr } = spawnSync(kubectlFile, [`--kubeconfig=${file('config')}`, ...args], options);
      if (status !== 0) throw new Error(`kubectl ${args.slice(0, 3).join(' ')}: ${stderr.trim()}`);
      return `${stdout}${stderr}`;
    };
    await until(
      'the API server is ready',
      () => kubectl('get', '--raw', '/readyz'),
      () => readFileSync(file('kube-apiserver.log'), 'utf8'),
    );
    start('kube-controller-manager', {
      kubeconfig: file('config'),
      'secure-port': String(controllers),
      'bind-address': '127.0.0.1',
      'cert-dir': file('certificates'),
      'service-account-private-key-file': file('key.pem'),
      'leader-elect': 'false',
      'concurrent-deployment-syncs': '1',
    });
    return { kubectl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @template T @param {string} what @param {() => T | Promise<T>} attempt @param {() => string} [log] @returns {Promise<T>} */
export async function until(what, attempt, log) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) {
        const lines = log?.().trim().split('\n').slice(-5).join('\n') ?? '';
        throw new Error(`not within a minute: ${what}: ${/** @type {Error} */ (error).message}\n${lines}`, {
          cause: error,
        });
      }
      await sleep(200);
    }
  }
}

/** The API server makes its own certificate, on loopback. @param {string} server @param {string} token */
function kubeconfig(server, token) {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'check', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'check', user: { token } }],
    contexts: [{ name: 'check', context: { cluster: 'check', user: 'check' } }],
    'current-context': 'check',
  });
}
