import { beforeAll, describe, it } from '@jest/globals';
import { kubernetesTools, type KubernetesTools } from '../../scripts/kubernetes/tools.mjs';

/**
 * `describe`, with kubectl and Kubernetes' own schemas, where Python can install them; skipped, and said so at the end of
 * the run, where it cannot. With REQUIRE_REAL_SERVERS=1 it fails.
 */
export function describeWithKubernetesTools(name: string, tests: (tools: () => KubernetesTools) => void): void {
  const { NO_KUBERNETES_TOOLS: missing, REQUIRE_REAL_SERVERS: required } = process.env;
  if (missing === undefined) {
    describe(name, () => {
      let tools: KubernetesTools;
      beforeAll(async () => void (tools = await kubernetesTools(() => undefined)), 180_000);
      tests(() => tools);
    });
  } else if (required === '1') {
    describe(name, () => {
      it('has kubectl and schemas', () => {
        throw new Error(`REQUIRE_REAL_SERVERS is 1, and there is nothing to check manifests with: ${missing}`);
      });
    });
  } else {
    describe.skip(name, () => tests(() => undefined as never));
  }
}
