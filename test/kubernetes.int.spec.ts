import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { jobOf } from '../scripts/kubernetes/job.mjs';
import {
  containerOf,
  exposedServices,
  find,
  type KubernetesObject,
  ofKind,
  podOf,
  type PodSpec,
  podsOf,
  selects,
  type Volume,
} from './support/kubernetes-objects.js';
import { complaints } from './support/kubernetes-rules.js';
import { describeWithKubernetesTools } from './support/kubernetes-tools.js';

/** The oldest that has what the manifests need, and the newest. */
const VERSIONS = ['1.30', '1.37'];
const OVERLAYS = ['local', 'gke'];
const SECRETS = 'kubernetes/secrets';
const GATEWAY = 'kubernetes/base/api-gateway/haproxy.cfg';

describeWithKubernetesTools('the Kubernetes manifests', (tools) => {
  const yaml = new Map<string, string>();
  const objects = new Map<string, KubernetesObject[]>();
  const yamlOf = (overlay: string) => yaml.get(overlay)!;
  const objectsOf = (overlay: string) => structuredClone(objects.get(overlay)!);
  beforeAll(() => {
    for (const overlay of OVERLAYS) {
      const built = tools().build(`kubernetes/overlays/${overlay}`);
      yaml.set(overlay, built);
      objects.set(overlay, tools().objects(built) as KubernetesObject[]);
    }
  });

  it.each(OVERLAYS)('of the overlay %s are what Kubernetes takes', (overlay) => {
    for (const version of VERSIONS) expect(tools().refused(yamlOf(overlay), version)).toEqual([]);
  });

  it('would be refused with a field that Kubernetes does not know', () => {
    const misspelt = yamlOf('gke').replace('maxUnavailable: 0', 'maxUnavailble: 0');
    expect(tools().refused(misspelt, '1.37')).toEqual([expect.stringContaining('maxUnavailble')]);
  });

  it.each(OVERLAYS)('of the overlay %s keep every rule', (overlay) => {
    const objects = objectsOf(overlay);
    expect(podsOf(objects).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['accounts', 'orders', 'api-gateway']),
    );
    expect(complaints(objects)).toEqual([]);
  });

  it.each<[complaint: string, change: (objects: KubernetesObject[]) => void]>([
    ['orders: runs as root', (objects) => delete podOf(objects, 'orders').securityContext?.runAsNonRoot],
    ['orders: has no seccomp profile', (objects) => delete podOf(objects, 'orders').securityContext?.seccompProfile],
    ['orders: mounts a token', (objects) => delete podOf(objects, 'orders').automountServiceAccountToken],
    ['orders: gets settings from', (objects) => delete podOf(objects, 'orders').enableServiceLinks],
    ['accounts: is killed before', (objects) => (podOf(objects, 'accounts').terminationGracePeriodSeconds = 15)],
    [
      'accounts: has a token mounted',
      (objects) => change(find(objects, 'ServiceAccount', 'accounts'), { automountServiceAccountToken: true }),
    ],
    [
      'accounts/service: may write',
      (objects) => delete containerOf(objects, 'accounts').securityContext?.readOnlyRootFilesystem,
    ],
    [
      'kafka/kafka: may gain',
      (objects) => delete containerOf(objects, 'kafka').securityContext?.allowPrivilegeEscalation,
    ],
    ['kafka/kafka: has capabilities', (objects) => delete containerOf(objects, 'kafka').securityContext?.capabilities],
    ['kafka/kafka: has no limits', (objects) => delete containerOf(objects, 'kafka').resources?.limits?.memory],
    ['kafka/kafka: has no requests', (objects) => delete containerOf(objects, 'kafka').resources?.requests],
    ['kafka/kafka: has no probes', (objects) => delete containerOf(objects, 'kafka').startupProbe],
    ['orders/service: has no fixed image', (objects) => (containerOf(objects, 'orders').image = 'host:5000/orders')],
    ['orders/service: has no fixed image', (objects) => (containerOf(objects, 'orders').image = 'orders:latest')],
    ['accounts: is a secret', (objects) => change(find(objects, 'Service', 'accounts'), { kind: 'Secret' })],
    [
      'mongodb: holds a secret',
      (objects) => change(find(objects, 'ConfigMap', 'mongodb'), { data: { uri: 'mongodb://me:word@host' } }),
    ],
    [
      'orders: holds a secret',
      (objects) => containerOf(objects, 'orders').env?.push({ name: 'KAFKA_SASL_PASSWORD', value: 'word' }),
    ],
    ['orders: selects nothing', (objects) => (find(objects, 'Service', 'orders').spec.selector = { name: 'order' })],
    [
      'orders: scales nothing',
      (objects) => (find(objects, 'HorizontalPodAutoscaler', 'orders').spec.scaleTargetRef = { name: 'order' }),
    ],
    ['orders: fights over replicas', (objects) => (find(objects, 'Deployment', 'orders').spec.replicas = 2)],
    [
      'orders: has no temporary folder',
      (objects) => delete podOf(objects, 'orders').volumes?.find((each) => each.emptyDir)?.emptyDir,
    ],
    [
      'orders: is replaced before name servers know',
      (objects) => delete find(objects, 'Deployment', 'orders').spec.minReadySeconds,
    ],
    [
      'orders: has no fallback with a cluster IP',
      (objects) => (find(objects, 'Service', 'orders-any').spec.clusterIP = 'None'),
    ],
    [
      'accounts: has no fallback with a cluster IP',
      (objects) =>
        (find(objects, 'Service', 'accounts-any').spec.selector = find(objects, 'Service', 'orders').spec.selector),
    ],
    [
      'do not deny by default',
      (objects) => (find(objects, 'NetworkPolicy', 'default-deny').spec.policyTypes = ['Ingress']),
    ],
    ['accounts: is open', (objects) => delete find(objects, 'NetworkPolicy', 'services').spec.ingress?.[0]?.from],
    ['accounts: is open', (objects) => delete find(objects, 'NetworkPolicy', 'services').spec.ingress?.[1]?.ports],
    [
      'dns: has a port without its protocol',
      (objects) => delete find(objects, 'NetworkPolicy', 'dns').spec.egress?.[0]?.ports?.[0]?.protocol,
    ],
  ])('break the rule "%s" when they are changed so', (complaint, changeOne) => {
    const objects = objectsOf('local');
    changeOne(objects);
    expect(complaints(objects)).toContainEqual(expect.stringContaining(complaint));
  });

  it.each(OVERLAYS)('of the overlay %s make a Job of a command, with memory and disk of its own', (overlay) => {
    const objects = objectsOf(overlay);
    const deployment = find(objects, 'Deployment', 'accounts') as unknown as Parameters<typeof jobOf>[0];
    const job = jobOf(deployment, ['verify', '--max-lag', '9'], {
      memory: '2Gi',
      cpu: '4',
    }) as unknown as KubernetesObject;
    expect(tools().refused(JSON.stringify(job).replace('generateName', 'name'), '1.37')).toEqual([]);
    const { metadata, spec: pod } = job.spec.template!;
    const [service, command] = [containerOf(objects, 'accounts'), pod.containers[0]!];
    expect(command).toMatchObject({
      ...{ image: service.image, env: service.env, volumeMounts: service.volumeMounts },
      args: ['verify', '--max-lag', '9', '--module', 'accounts'],
      resources: { requests: { memory: '2Gi', cpu: '4' }, limits: { memory: '2Gi', cpu: '4' } },
    });
    expect(command).not.toHaveProperty('livenessProbe');
    const selecting = ofKind(objects, 'Service', 'Deployment', 'PodDisruptionBudget').filter(({ spec: { selector } }) =>
      selects(selector?.matchLabels ?? (selector as Record<string, string> | undefined), metadata.labels),
    );
    expect(selecting).toEqual([]);
    expect(selects(find(objects, 'NetworkPolicy', 'services').spec.podSelector?.matchLabels, metadata.labels)).toBe(
      true,
    );
  });

  it('open nothing to the outside but the gateway on GKE', () => {
    const exposed = (overlay: string) => exposedServices(objectsOf(overlay));
    expect(exposed('local')).toEqual([]);
    expect(exposed('gke').map(({ metadata, spec }) => [metadata.name, spec.type])).toEqual([
      ['api-gateway', 'LoadBalancer'],
    ]);
  });

  it('set no setting that nothing reads, and scale to no more than the gateway looks for', () => {
    const objects = objectsOf('gke');
    const folder = 'src/platform/operating/config';
    const sources = readdirSync(folder)
      .filter((name) => !name.includes('.spec.'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    const gateway = readFileSync(GATEWAY, 'utf8');
    // Every secret setting has a twin that names a file.
    const isRead = (name: string, text: string) => new RegExp(`\\b${name.replace(/_FILE$/, '')}(_FILE)?\\b`).test(text);
    const unknown = (name: string, text: string) =>
      (containerOf(objects, name).env ?? []).map((each) => each.name).filter((each) => !isRead(each, text));
    expect(unknown('accounts', sources.join('\n'))).toEqual([]);
    expect(unknown('orders', sources.join('\n'))).toEqual([]);
    expect(unknown('api-gateway', gateway)).toEqual([]);
    const most = Number(/GATEWAY_MAX_INSTANCES\s+(\d+)/.exec(gateway)?.[1]);
    for (const name of ['accounts', 'orders'])
      expect(find(objects, 'HorizontalPodAutoscaler', name).spec.maxReplicas).toBeLessThanOrEqual(most);
  });

  it('name no file in their comments that does not exist', () => {
    const missing = ['base', 'overlays', 'components'].flatMap((folder) =>
      readdirSync(join('kubernetes', folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.yaml'))
        .flatMap((name) => {
          const file = join('kubernetes', folder, name);
          const comments =
            readFileSync(file, 'utf8')
              .match(/^ *#.*/gm)
              ?.join('\n') ?? '';
          const named = comments.match(/[\w./-]+\.(yaml|md|cfg|mjs)\b|(?<=- )\.\.\/\S+/g) ?? [];
          return named.filter((each) => !existsSync(each) && !existsSync(join(dirname(file), each)));
        }),
    );
    expect(missing).toEqual([]);
  });

  it('have the properties of Confluent Cloud as it hands them out', () => {
    expect(Object.keys(find(objectsOf('gke'), 'ConfigMap', 'confluent-cloud-kafka').data ?? {}).sort()).toEqual(
      [
        ...['bootstrap.servers', 'request.timeout.ms', 'retry.backoff.ms', 'sasl.mechanism', 'security.protocol'],
        'ssl.endpoint.identification.algorithm',
      ].sort(),
    );
  });

  it('need no secret that has no example, and no example can be applied as it is', () => {
    const examples = readdirSync(SECRETS).filter((name) => !name.startsWith('.') && !name.endsWith('.yaml'));
    const keys = new Map<string, string[]>();
    for (const name of examples) {
      expect(name).toMatch(/\.yaml\.example$/);
      const text = readFileSync(join(SECRETS, name), 'utf8');
      expect(tools().refused(text, '1.37')).toEqual([expect.stringContaining('Secret')]);
      expect(tools().refused(text.replaceAll(/\[.*\]$/gm, 'a value'), '1.37')).toEqual([]);
      const [secret] = tools().objects(text) as [KubernetesObject];
      keys.set(secret.metadata.name, Object.keys(secret.stringData ?? {}).sort());
    }
    const needed = OVERLAYS.flatMap((overlay) => podsOf(objectsOf(overlay)).flatMap(({ pod }) => secretKeys(pod)));
    expect(new Set(needed)).toEqual(new Set([...keys].flatMap(([name, each]) => each.map((key) => `${name}/${key}`))));
  });
});

describeWithKubernetesTools('compose.yaml', (tools) => {
  const text = readFileSync('compose.yaml', 'utf8');

  it('is a Compose file', () => {
    expect(tools().refusedAsCompose(text)).toEqual([]);
    expect(tools().refusedAsCompose(text.replace('mem_limit', 'memory_limit'))).toEqual([
      expect.stringContaining('memory_limit'),
    ]);
  });

  it('runs the same gateway and the same servers as the manifests', () => {
    const [{ services }] = tools().objects(text) as [{ services: Record<string, { image: string }> }];
    const objects = tools().objects(tools().build('kubernetes/overlays/local')) as KubernetesObject[];
    for (const name of ['api-gateway', 'kafka', 'mongodb'])
      expect([name, services[name]?.image]).toEqual([name, containerOf(objects, name).image]);
  });
});

function change(object: KubernetesObject, values: Partial<KubernetesObject>): void {
  Object.assign(object, values);
}

/** The secrets' keys that a pod cannot start without. */
function secretKeys({ containers, volumes = [] }: PodSpec): string[] {
  const fromEnvironment = containers.flatMap(({ env = [] }) =>
    env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
  );
  const mounted = (volume: Volume) =>
    [
      ...(volume.secret ? [{ name: volume.secret.secretName, items: volume.secret.items }] : []),
      ...(volume.projected?.sources ?? []).flatMap(({ secret }) => secret ?? []),
    ].flatMap(({ name, items = [] }) => items.map(({ key }) => `${name}/${key}`));
  return [...fromEnvironment.map(({ name, key }) => `${name}/${key}`), ...volumes.flatMap(mounted)];
}
