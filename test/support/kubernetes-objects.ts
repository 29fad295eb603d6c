/** What the rules look at in an object that would be applied. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { name: string; labels?: Record<string, string> };
  readonly data?: Record<string, string>;
  readonly stringData?: Record<string, unknown>;
  readonly automountServiceAccountToken?: boolean;
  /** To be asked for only where the kind has one. */
  readonly spec: Spec;
}

interface Spec {
  type?: string;
  replicas?: number;
  minReadySeconds?: number;
  clusterIP?: string;
  maxReplicas?: number;
  scaleTargetRef?: { name: string };
  selector?: Record<string, string> & { matchLabels?: Record<string, string> };
  template?: { metadata: { labels: Record<string, string> }; spec: PodSpec };
  /** Of a Service. */
  ports?: { port: number; targetPort?: string | number }[];
  podSelector?: { matchLabels?: Record<string, string> };
  policyTypes?: string[];
  ingress?: PolicyRule[];
  egress?: PolicyRule[];
  triggers?: { type: string; metadata: Record<string, string> }[];
  /** Of a PodMonitor. */
  jobLabel?: string;
  podMetricsEndpoints?: { port: string; path: string; interval: string }[];
}

export interface PolicyRule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: number; endPort?: number; protocol?: string }[];
}

interface Peer {
  podSelector?: { matchLabels?: Record<string, string> };
  namespaceSelector?: { matchLabels?: Record<string, string> };
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } };
  containers: Container[];
  volumes?: Volume[];
}

export interface Container {
  name: string;
  image: string;
  ports?: { name: string; containerPort: number }[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }[];
  resources?: Record<'requests' | 'limits', Record<'cpu' | 'memory', string | undefined> | undefined>;
  securityContext?: {
    readOnlyRootFilesystem?: boolean;
    allowPrivilegeEscalation?: boolean;
    capabilities?: { drop?: string[] };
  };
  startupProbe?: object;
  livenessProbe?: object;
  readinessProbe?: object;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  volumeMounts?: { name: string; mountPath: string }[];
}

export interface Volume {
  name: string;
  secret?: SecretSource & { secretName: string };
  emptyDir?: { sizeLimit?: string };
  projected?: { sources: { secret?: SecretSource & { name: string } }[] };
}

interface SecretSource {
  items?: { key: string }[];
}

/** A workload's pods: the name they go by, their labels and what they are. */
export interface Pods {
  readonly name: string;
  readonly minReadySeconds: number;
  readonly labels: Record<string, string>;
  readonly pod: PodSpec;
}

export function podsOf(objects: readonly KubernetesObject[]): Pods[] {
  return ofKind(objects, 'Deployment', 'StatefulSet').flatMap(({ metadata: { name }, spec }) => {
    const { template, minReadySeconds = 0 } = spec;
    return template ? [{ name, minReadySeconds, labels: template.metadata.labels, pod: template.spec }] : [];
  });
}

export function ofKind(objects: readonly KubernetesObject[], ...kinds: string[]): KubernetesObject[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}

/** The one of this kind and name. @throws Error when there is none. */
export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = ofKind(objects, kind).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

export function podOf(objects: readonly KubernetesObject[], name: string): PodSpec {
  return podsOf(objects).find((each) => each.name === name)!.pod;
}

export function containerOf(objects: readonly KubernetesObject[], name: string): Container {
  return podOf(objects, name).containers[0]!;
}

/** The pods of the bounded contexts. */
export function servicesOf(objects: readonly KubernetesObject[]): Pods[] {
  return podsOf(objects).filter(({ labels }) => labels['app.kubernetes.io/component'] === 'service');
}

/** Services that can be reached from outside the cluster. */
export function exposedServices(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return ofKind(objects, 'Service').filter(({ spec: { type = 'ClusterIP' } }) => type !== 'ClusterIP');
}

export function selects(selector: Record<string, string> | undefined, labels: Record<string, string>): boolean {
  return Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value);
}
