import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installPythonTools } from '../python-tools.mjs';

/**
 * @typedef {object} KubernetesTools what holds manifests to their schemas without a cluster
 * @property {(folder: string) => string} build what `kubectl apply --kustomize` would apply, as YAML; throws what is wrong
 * @property {(yaml: string) => any[]} objects
 * @property {(yaml: string, version: string) => string[]} refused one line for each object that this Kubernetes would refuse
 * @property {(yaml: string) => string[]} refusedAsCompose
 */

/** @param {(line: string) => void} log @returns {Promise<KubernetesTools>} */
export async function kubernetesTools(log) {
  const bin = await installPythonTools('kubernetes', join(import.meta.dirname, 'requirements.txt'), log);
  const check = (/** @type {string} */ input, /** @type {string[]} */ ...args) =>
    JSON.parse(run(join(bin, 'python'), [join(import.meta.dirname, 'check.py'), ...args], input));
  return {
    build: (folder) => run(join(bin, 'kubectl'), ['kustomize', folder], ''),
    objects: (yaml) => check(yaml, 'objects'),
    refused: (yaml, version) => check(yaml, 'validate', version),
    refusedAsCompose: (yaml) => check(yaml, 'compose'),
  };
}

/** @param {string} command @param {string[]} args @param {string} input @returns {string} */
function run(command, args, input) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', input, maxBuffer: 2 ** 26 });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim());
  return stdout;
}
