import { beforeAll } from '@jest/globals';
import { kubernetesTools, type KubernetesTools } from '../../scripts/kubernetes/tools.mjs';
import { describeUnlessMissing } from '../../src/platform/testing/own-servers-needed.js';

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
