import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll } from '@jest/globals';
import { kubernetesTools, type KubernetesTools } from '../../scripts/kubernetes/tools.mjs';
import { describeUnlessMissing } from '../../src/platform/testing/own-servers-needed.js';
import { temporaryFolder } from '../../src/platform/testing/temporary-folder.js';
import type { KubernetesObject } from './kubernetes-objects.js';

/**
 * `describe`, with kubectl and Kubernetes' own schemas, where Python can install them; skipped, and said so at the end of
 * the run, where it cannot. With REQUIRE_REAL_SERVERS=1 it fails.
 */
export function describeWithKubernetesTools(name: string, tests: (tools: () => KubernetesTools) => void): void {
  describeUnlessMissing(process.env.NO_KUBERNETES_TOOLS, 'nothing to check manifests with', name, () => {
    let tools: KubernetesTools;
    beforeAll(async () => void (tools = await kubernetesTools(() => undefined)), 180_000);
    tests(() => tools);
  });
}

/** What an overlay with one more component would apply. */
export async function buildWith(
  tools: KubernetesTools,
  overlay: string,
  component: string,
): Promise<KubernetesObject[]> {
  const temporary = await temporaryFolder();
  try {
    const folder = join(temporary.path, 'overlay');
    mkdirSync(folder);
    // kustomize takes relative paths only.
    const path = (name: string) => relative(folder, join(process.cwd(), 'kubernetes', name));
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      `resources: ['${path(`overlays/${overlay}`)}']\ncomponents: ['${path(`components/${component}`)}']\n`,
    );
    return tools.objects(tools.build(folder)) as KubernetesObject[];
  } finally {
    await temporary.remove();
  }
}
