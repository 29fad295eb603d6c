import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { find, type KubernetesObject, ofKind } from './support/kubernetes-objects.js';
import { complaints } from './support/kubernetes-rules.js';
import { buildWith, describeWithKubernetesTools } from './support/kubernetes-tools.js';

const names = (objects: readonly KubernetesObject[], kind: string) =>
  ofKind(objects, kind).map(({ metadata }) => metadata.name);

describeWithKubernetesTools('the component keda', (tools) => {
  it('scales by consumer lag, and by nothing else at the same time', async () => {
    const objects = await buildWith(tools(), 'gke', 'keda');
    expect(names(objects, 'HorizontalPodAutoscaler')).toEqual(['api-gateway']);
    expect(names(objects, 'ScaledObject')).toEqual(['accounts', 'orders']);
    expect(complaints(objects)).toEqual([]);
    const servers = find(objects, 'ConfigMap', 'confluent-cloud-kafka').data?.['bootstrap.servers'];
    const watched = ofKind(objects, 'ScaledObject').flatMap(({ spec: { scaleTargetRef, triggers = [] } }) =>
      triggers
        .filter(({ type }) => type === 'kafka')
        .map(({ metadata: of }) => [scaleTargetRef?.name, of.consumerGroup, of.topic, of.bootstrapServers]),
    );
    expect(watched).toEqual([
      ['accounts', 'accounts', 'accounts.customer.change', servers],
      ['orders', 'orders', 'accounts.customer.change', servers],
      ['orders', 'orders', 'orders.order.change', servers],
    ]);
  });

  it('is documented with the deletion of the autoscalers that an earlier apply has created', async () => {
    const before = names(tools().objects(tools().build('kubernetes/overlays/gke')), 'HorizontalPodAutoscaler');
    const after = names(await buildWith(tools(), 'gke', 'keda'), 'HorizontalPodAutoscaler');
    const removed = before.filter((name) => !after.includes(name));
    expect(readFileSync('docs/deployment.md', 'utf8')).toContain(`delete horizontalpodautoscaler ${removed.join(' ')}`);
  });
});
