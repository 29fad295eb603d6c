import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { containerOf, exposedServices, find, type KubernetesObject, ofKind } from './support/kubernetes-objects.js';
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

describeWithKubernetesTools('the component exposed-services', (tools) => {
  const expose = (overlay: string) => buildWith(tools(), overlay, 'exposed-services');

  it.each(['local', 'gke'])(
    'exposes the listeners for clients, and removes the gateway from the overlay %s',
    async (overlay) => {
      const objects = await expose(overlay);
      for (const version of ['1.30', '1.37'])
        expect(tools().refused(objects.map((each) => JSON.stringify(each)).join('\n---\n'), version)).toEqual([]);
      expect(complaints(objects)).toEqual([]);
      expect(exposedServices(objects).map(({ spec: { type, ports, selector } }) => [type, ports, selector])).toEqual(
        ['accounts', 'orders'].map((name) => [
          'LoadBalancer',
          [{ name: 'http', port: 80, targetPort: 'http' }],
          { 'app.kubernetes.io/name': name },
        ]),
      );
      expect(objects.filter(({ metadata: { name } }) => name.startsWith('api-gateway'))).toEqual([]);
    },
  );

  it.each<[complaint: string, change: (objects: KubernetesObject[]) => void]>([
    [
      'orders: is exposed without tokens',
      (objects) => (containerOf(objects, 'orders').env!.find(({ name }) => name === 'AUTH_MODE')!.value = 'none'),
    ],
    [
      'orders: is exposed without tokens',
      (objects) => containerOf(objects, 'orders').env!.push({ name: 'AUTH_ALLOW_NONE', value: 'true' }),
    ],
    [
      'accounts-exposed: exposes more',
      (objects) =>
        find(objects, 'Service', 'accounts-exposed').spec.ports!.push({ port: 81, targetPort: 'management' }),
    ],
    [
      'accounts: is open',
      (objects) => find(objects, 'NetworkPolicy', 'exposed-services').spec.ingress![0]!.ports!.push({ port: 8081 }),
    ],
  ])('breaks the rule "%s" when it is changed so', async (complaint, changeOne) => {
    const objects = await expose('gke');
    changeOne(objects);
    expect(complaints(objects)).toContainEqual(expect.stringContaining(complaint));
  });
});
