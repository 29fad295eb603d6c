import {
  type Container,
  exposedServices,
  type KubernetesObject,
  ofKind,
  type Pods,
  podsOf,
  type PodSpec,
  type PolicyRule,
  selects,
  servicesOf,
} from './kubernetes-objects.js';

/** Seconds that the process itself may take to stop, besides DRAIN_MS. */
const STOPPING = 10;
/** Seconds for which a cluster's name server may repeat an answer. */
const CACHED = 30;
/** Images of others, for trying the system only, that write beside their data. */
const WRITERS = ['kafka', 'mongodb'];

/** One line for each rule that an object breaks. */
export function complaints(objects: readonly KubernetesObject[]): string[] {
  return [
    ...podsOf(objects).flatMap(({ name, pod }) => [
      ...broken(name, {
        'runs as root': pod.securityContext?.runAsNonRoot !== true || !pod.securityContext.runAsUser,
        'has no seccomp profile': pod.securityContext?.seccompProfile?.type !== 'RuntimeDefault',
        'mounts a token': pod.automountServiceAccountToken !== false,
        'gets settings from the names of Services': pod.enableServiceLinks !== false,
        'is killed before it can have stopped': isKilledEarly(pod),
      }),
      ...pod.containers.flatMap((container) => containerComplaints(`${name}/${container.name}`, container)),
    ]),
    ...ofKind(objects, 'ServiceAccount').flatMap((account) =>
      broken(account.metadata.name, { 'has a token mounted': account.automountServiceAccountToken !== false }),
    ),
    ...ofKind(objects, 'Secret').map(({ metadata }) => `${metadata.name}: is a secret in the repository`),
    ...secretValues(objects),
    ...danglingReferences(objects),
    ...servicesOf(objects).flatMap(({ name, minReadySeconds, pod }) =>
      broken(name, {
        'is replaced before name servers know its successor': minReadySeconds <= CACHED,
        'has no temporary folder of limited size': !hasTemporaryFolder(pod),
      }),
    ),
    ...missingFallbacks(objects),
    ...openPorts(objects),
    ...unguardedServices(objects),
    ...ofKind(objects, 'NetworkPolicy').flatMap(({ metadata: { name }, spec: { ingress = [], egress = [] } }) =>
      broken(name, {
        'has a port without its protocol': [...ingress, ...egress].some(({ ports = [] }) =>
          ports.some(({ protocol }) => !protocol),
        ),
      }),
    ),
  ];
}

function containerComplaints(name: string, container: Container): string[] {
  const { securityContext: context, resources, image } = container;
  const own = !WRITERS.includes(container.name);
  return broken(name, {
    'may write to its root file system': own && context?.readOnlyRootFilesystem !== true,
    'may gain privileges': context?.allowPrivilegeEscalation !== false,
    'has capabilities': context?.capabilities?.drop?.includes('ALL') !== true,
    'has no limits': !resources?.limits?.cpu || !resources.limits.memory,
    'has no requests': !resources?.requests?.cpu || !resources.requests.memory,
    'has no probes': !container.startupProbe || !container.livenessProbe || !container.readinessProbe,
    'has no fixed image': !/:[^/:]+$/.test(image) || image.endsWith(':latest'),
  });
}

function isKilledEarly({ containers, terminationGracePeriodSeconds = 30 }: PodSpec): boolean {
  const slept = Math.max(...containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0));
  const drain = containers.flatMap(({ env = [] }) => env).find(({ name }) => name === 'DRAIN_MS');
  return terminationGracePeriodSeconds <= slept + Number(drain?.value ?? 0) / 1000 + STOPPING;
}

function hasTemporaryFolder({ containers, volumes = [] }: PodSpec): boolean {
  return containers.every(({ volumeMounts = [] }) => {
    const mount = volumeMounts.find(({ mountPath }) => mountPath === '/tmp');
    return volumes.find(({ name }) => name === mount?.name)?.emptyDir?.sizeLimit !== undefined;
  });
}

function secretValues(objects: readonly KubernetesObject[]): string[] {
  const secret = /PRIVATE KEY|PUBLIC KEY|CERTIFICATE|:\/\/[^/\s"]+:[^/\s"]+@|sasl\.jaas|password/i;
  const settings = podsOf(objects).flatMap(({ name, pod }) =>
    pod.containers.flatMap(({ env = [] }) =>
      env.map((each) => ({ of: name, text: `${each.name}: ${each.value ?? ''}` })),
    ),
  );
  const data = ofKind(objects, 'ConfigMap').flatMap(({ metadata, data: values = {} }) =>
    Object.entries(values).map(([key, value]) => ({ of: metadata.name, text: `${key}: ${value}` })),
  );
  return [...settings, ...data].filter(({ text }) => secret.test(text)).map(({ of }) => `${of}: holds a secret value`);
}

/** Selectors that select no pods, and scalers of what is not there or has a fixed number. */
function danglingReferences(objects: readonly KubernetesObject[]): string[] {
  const pods = podsOf(objects);
  const selectors = objects.flatMap(({ kind, metadata: { name }, spec }) => {
    if (kind === 'Service') return [{ name, selector: spec.selector }];
    if (kind === 'PodDisruptionBudget') return [{ name, selector: spec.selector?.matchLabels }];
    return kind === 'NetworkPolicy' ? [{ name, selector: spec.podSelector?.matchLabels }] : [];
  });
  return [
    ...selectors
      .filter(({ selector }) => !pods.some(({ labels }) => selects(selector, labels)))
      .map(({ name }) => `${name}: selects nothing`),
    ...ofKind(objects, 'HorizontalPodAutoscaler', 'ScaledObject').flatMap(({ metadata: { name }, spec }) => {
      const target = ofKind(objects, 'Deployment').find((each) => each.metadata.name === spec.scaleTargetRef?.name);
      return broken(name, { 'scales nothing': !target, 'fights over replicas': target?.spec.replicas !== undefined });
    }),
  ];
}

/** Services of which the gateway knows only the addresses of pods, and no address that outlives them. */
function missingFallbacks(objects: readonly KubernetesObject[]): string[] {
  const settings = podsOf(objects)
    .filter(({ name }) => name === 'api-gateway')
    .flatMap(({ pod }) => pod.containers.flatMap(({ env = [] }) => env));
  const serviceOf = (setting: string) => {
    const name = settings.find((each) => each.name === setting)?.value?.split('.')[0];
    return ofKind(objects, 'Service').find(({ metadata }) => metadata.name === name)?.spec;
  };
  return ofKind(objects, 'Service').flatMap(({ metadata: { name }, spec: { clusterIP, selector } }) => {
    const host = `${name.toUpperCase()}_HOST`;
    if (clusterIP !== 'None' || !settings.some((each) => each.name === host)) return [];
    const fallback = serviceOf(`${name.toUpperCase()}_FALLBACK_HOST`);
    const leadsThere = JSON.stringify(fallback?.selector) === JSON.stringify(selector);
    return broken(name, { 'has no fallback with a cluster IP': !leadsThere || fallback?.clusterIP === 'None' });
  });
}

/** Ways into the services' pods that are neither the gateway's nor the monitoring's. */
function openPorts(objects: readonly KubernetesObject[]): string[] {
  const policies = ofKind(objects, 'NetworkPolicy');
  const deniesAll = policies.some(
    ({ spec }) => !spec.podSelector?.matchLabels && spec.policyTypes?.length === 2 && !spec.ingress && !spec.egress,
  );
  const open = servicesOf(objects).flatMap((pods) =>
    policies
      .filter(({ spec }) => selects(spec.podSelector?.matchLabels, pods.labels))
      .flatMap(({ spec }) => spec.ingress ?? [])
      .filter((rule) => !isNarrow(rule) && !(isExposed(objects, pods) && isForClients(rule)))
      .map(() => `${pods.name}: is open to more than the gateway and the monitoring`),
  );
  return [...broken('network policies', { 'do not deny by default': !deniesAll }), ...open];
}

function isExposed(objects: readonly KubernetesObject[], { labels }: Pods): boolean {
  return exposedServices(objects).some(({ spec }) => selects(spec.selector, labels));
}

function isForClients({ ports = [] }: PolicyRule): boolean {
  return ports.length > 0 && ports.every(({ port, endPort }) => port === 8080 && endPort === undefined);
}

/** Services that are exposed without tokens, or with their management listener. */
function unguardedServices(objects: readonly KubernetesObject[]): string[] {
  const open = servicesOf(objects).filter((pods) => isExposed(objects, pods));
  const more = exposedServices(objects).filter(
    ({ spec: { selector, ports = [] } }) =>
      open.some(({ labels }) => selects(selector, labels)) && !ports.every(({ targetPort }) => targetPort === 'http'),
  );
  return [
    ...open.flatMap(({ name, pod }) => {
      const settings = pod.containers.flatMap(({ env = [] }) => env);
      const mode = settings.find((each) => each.name === 'AUTH_MODE')?.value;
      const allowsNone = settings.some((each) => each.name === 'AUTH_ALLOW_NONE');
      return broken(name, { 'is exposed without tokens': mode !== 'jwt' || allowsNone });
    }),
    ...more.map(({ metadata: { name } }) => `${name}: exposes more than the listener for clients`),
  ];
}

function isNarrow({ from = [], ports = [] }: PolicyRule): boolean {
  const known = from.every(({ podSelector, namespaceSelector }) =>
    namespaceSelector
      ? namespaceSelector.matchLabels?.['kubernetes.io/metadata.name'] === 'monitoring' &&
        ports.every(({ port }) => port === 8081)
      : podSelector?.matchLabels?.['app.kubernetes.io/component'] === 'gateway',
  );
  return from.length > 0 && ports.length > 0 && known;
}

function broken(name: string, rules: Record<string, boolean>): string[] {
  return Object.entries(rules).flatMap(([rule, isBroken]) => (isBroken ? [`${name}: ${rule}`] : []));
}
