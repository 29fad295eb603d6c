import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cache, once } from '../servers/downloads.mjs';

/** Built from their sources, because the Go module proxy has nothing else. */
export const VERSIONS = { kubernetes: '1.34.4', etcd: '3.6.16' };

const ETCD_MAIN = `package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
`;

/**
 * Builds etcd, kube-apiserver and kube-controller-manager, once: some 15 minutes on two cores.
 * @param {(line: string) => void} log @returns {Promise<string>} the folder of their programs
 */
export async function buildControlPlane(log) {
  const home = join(dirname(cache), 'kubernetes-control-plane', `${VERSIONS.kubernetes}-${VERSIONS.etcd}`);
  await once(home, (folder) => {
    const work = mkdtempSync(join(tmpdir(), 'kubernetes-build-'));
    try {
      log(`Building etcd ${VERSIONS.etcd} (once) ...`);
      buildEtcd(join(work, 'etcd'), folder);
      log(`Building the control plane of Kubernetes ${VERSIONS.kubernetes} (once, some 15 minutes) ...`);
      buildKubernetes(join(work, 'kubernetes'), folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    return Promise.resolve();
  });
  return home;
}

/** @param {string} work @param {string} target */
function buildEtcd(work, target) {
  mkdirSync(work);
  writeFileSync(join(work, 'main.go'), ETCD_MAIN);
  go(work, 'mod', 'init', 'etcd');
  go(work, 'get', `go.etcd.io/etcd/server/v3@v${VERSIONS.etcd}`);
  go(work, 'build', '-trimpath', '-o', join(target, 'etcd'), '.');
}

/** @param {string} work @param {string} target */
function buildKubernetes(work, target) {
  mkdirSync(work);
  const { Dir } = JSON.parse(go(work, 'mod', 'download', '-json', `k8s.io/kubernetes@v${VERSIONS.kubernetes}`));
  // The modules in the proxy are read-only.
  cpSync(Dir, work, { recursive: true });
  spawnSync('chmod', ['-R', 'u+w', work]);
  for (const name of ['go.work', 'go.work.sum', 'vendor']) rmSync(join(work, name), { recursive: true, force: true });
  // The parts of Kubernetes are in folders of its repository, and modules of their own in the proxy.
  const file = join(work, 'go.mod');
  const parts = VERSIONS.kubernetes.replace(/^1/, '0');
  const modules = readFileSync(file, 'utf8')
    .replaceAll(/^.*=> \.\/staging\/.*\n/gm, '')
    .replaceAll(/(k8s\.io\/\S+) v0\.0\.0$/gm, `$1 v${parts}`);
  writeFileSync(file, modules);
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const versions = packages.map((name) => `-X ${name}.gitVersion=v${VERSIONS.kubernetes}`);
  const commands = ['./cmd/kube-apiserver', './cmd/kube-controller-manager'];
  go(
    work,
    'build',
    '-p',
    '2',
    '-trimpath',
    '-ldflags',
    ['-s', '-w', ...versions].join(' '),
    '-o',
    `${target}/`,
    ...commands,
  );
}

/** @param {string} folder @param {string[]} args */
function go(folder, ...args) {
  const env = { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
  const { status, stdout, stderr, error } = spawnSync('go', args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (error) throw new Error(`Go is missing: ${error.message}`);
  if (status !== 0)
    throw new Error(`go ${args.slice(0, 2).join(' ')}: ${stderr.trim().split('\n').slice(-5).join('\n')}`);
  return stdout;
}
