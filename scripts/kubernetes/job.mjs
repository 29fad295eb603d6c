/**
 * @typedef {{ name: string, startupProbe?: unknown, livenessProbe?: unknown, readinessProbe?: unknown,
 *   lifecycle?: unknown, ports?: unknown, resources: { requests: object, limits: object } }} Container
 * @typedef {{ metadata: { name: string, namespace?: string },
 *   spec: { template: { spec: { containers: Container[], topologySpreadConstraints?: unknown } } } }} Deployment
 */

/**
 * A Job that runs a command with a service's image and settings, in a pod of its own: beside the server, the two could
 * exceed the memory of the container together, and both would be killed.
 * @param {Deployment} deployment @param {string[]} command
 * @param {{ memory?: string | undefined, cpu?: string | undefined }} [own] of the pod, instead of the service's
 */
export function jobOf({ metadata, spec }, command, { memory, cpu } = {}) {
  const { topologySpreadConstraints, ...pod } = spec.template.spec;
  const { startupProbe, livenessProbe, readinessProbe, lifecycle, ports, ...container } = /** @type {Container} */ (
    pod.containers[0]
  );
  const { requests, limits } = container.resources;
  const wanted = { ...(memory && { memory }), ...(cpu && { cpu }) };
  const resources = { requests: { ...requests, ...wanted }, limits: { ...limits, ...wanted } };
  // The network policies allow what a service needs. No Service sends requests here: they select other names.
  const labels = {
    'app.kubernetes.io/name': `${metadata.name}-command`,
    'app.kubernetes.io/component': 'service',
    'app.kubernetes.io/part-of': 'accounts-orders',
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { generateName: `${metadata.name}-${command[0]}-`, namespace: metadata.namespace, labels },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: 24 * 60 * 60,
      template: {
        metadata: { labels },
        spec: {
          ...pod,
          restartPolicy: 'Never',
          containers: [{ ...container, args: [...command, '--module', metadata.name], resources }],
        },
      },
    },
  };
}
