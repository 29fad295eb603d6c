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

describeWithKubernetesTools('the component traces', (tools) => {
  it.each(['local', 'gke'])('sends traces of both services, and breaks no rule of the overlay %s', async (overlay) => {
    const objects = await buildWith(tools(), overlay, 'traces');
    expect(complaints(objects)).toEqual([]);
    expect(find(objects, 'ConfigMap', 'traces').data).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: expect.stringMatching(/^http:.*:4318$/),
    });
    for (const name of ['accounts', 'orders']) {
      const container = containerOf(objects, name) as { envFrom?: unknown };
      expect(container.envFrom).toEqual([{ configMapRef: { name: 'traces' } }]);
    }
    const { egress } = find(objects, 'NetworkPolicy', 'services').spec as { egress?: unknown };
    expect(JSON.stringify(egress)).toContain('4318');
  });
});

describeWithKubernetesTools('the component monitoring', (tools) => {
  it.each(['local', 'gke'])('adds to the overlay %s what the Prometheus Operator reads', async (overlay) => {
    const before = tools().objects(tools().build(`kubernetes/overlays/${overlay}`)) as KubernetesObject[];
    const objects = await buildWith(tools(), overlay, 'monitoring');

    expect(names(objects, 'PrometheusRule')).toEqual(['accounts-orders']);
    expect(names(objects, 'PodMonitor')).toEqual(['accounts-orders']);
    expect(objects).toHaveLength(before.length + 2);
    expect(complaints(objects)).toEqual([]);
  });

  it('scrapes the management port of the pods of both services, and names them as the alerts do', async () => {
    const objects = await buildWith(tools(), 'gke', 'monitoring');
    const { selector, jobLabel, podMetricsEndpoints } = find(objects, 'PodMonitor', 'accounts-orders').spec;
    const services = ofKind(objects, 'Deployment').filter(({ spec: { template } }) =>
      Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => template!.metadata.labels[name] === value),
    );

    expect(services.map(({ metadata }) => metadata.name)).toEqual(['accounts', 'orders']);
    expect(services.map(({ spec: { template } }) => template!.metadata.labels[jobLabel!])).toEqual([
      'accounts',
      'orders',
    ]);
    expect(podMetricsEndpoints).toEqual([{ port: 'management', path: '/metrics', interval: '15s' }]);
    for (const { metadata } of services) {
      expect(containerOf(objects, metadata.name).ports).toContainEqual(expect.objectContaining({ name: 'management' }));
    }
  });
});
