// The lines that a context needs in files that exist. Each is put behind what the context before it has there, so that
// a file which has changed too much for it is named, and nothing is written.

/**
 * @typedef {{ file: string, change: (text: string) => string | undefined }} Edit `undefined`: there is no such place
 */

/**
 * @param {string} context
 * @param {string} aggregate
 * @param {string} before the context that was added last
 * @returns {Edit[]}
 */
export function editsFor(context, aggregate, before) {
  const BEFORE = before.toUpperCase();
  // Not within the project's own name, accounts-orders.
  const name = new RegExp(`(?<!-)\\b${before}\\b`, 'g');
  const renamed = (/** @type {string} */ text) =>
    text.replaceAll(name, context).replaceAll(BEFORE, context.toUpperCase());
  return [
    edit('src/contexts.ts', [
      behind(new RegExp(`^import .*'./${before}/.*\n`, 'm'), renamed),
      within(/(?<=CONTEXTS[^=]*= \[)([^\]]+)/, (names) => `${names}, ${context}`),
    ]),
    edit('Dockerfile', [atEnd(new RegExp(`FROM runtime AS ${before}\n[^]*$`), (text) => `\n${renamed(text)}`)]),
    edit('compose.yaml', [
      behind(new RegExp(`^ {6}${before}: \\{ condition: .*\n`, 'm'), renamed),
      behind(new RegExp(`(?:^ {6}${BEFORE}_.*\n)+`, 'm'), renamed),
      behind(new RegExp(`^ {2}${before}:\n(?: {4}.*\n)+\n`, 'm'), renamed),
    ]),
    edit('kubernetes/base/kustomization.yaml', [behind(new RegExp(`^ {2}- ${before}.yaml\n`, 'm'), renamed)]),
    edit('kubernetes/base/api-gateway/api-gateway.yaml', [
      behind(new RegExp(`(?:^ {12}- name: ${BEFORE}_.*\n {14}value: .*\n)+`, 'm'), renamed),
    ]),
    edit('kubernetes/base/api-gateway/haproxy.cfg', [
      behind(new RegExp(`(?:^ {4}presetenv ${BEFORE}_.*\n)+`, 'm'), renamed),
      within(/(?<=unless \{ path )([a-z/ ]+)(?= \})/, (paths) => `${paths} /${context}`),
      within(/(?<=path_beg )([a-z/ ]+)(?= \})/, (paths) => `${paths} /${context}/`),
      within(/(?<=if \{ path )([a-z/ ]+docs)(?= \})/, (paths) => `${paths} /${context}/docs`),
      within(/(?<=path_reg \^\/\()([a-z|]+)(?=\))/, (names) => `${names}|${context}`),
      behind(new RegExp(`^backend ${before} .*\n(?: {4}.*\n)+\n`, 'm'), renamed),
      behind(new RegExp(`^ {4}acl lacks-a-service .*\\(${before}\\).*\n`, 'm'), renamed),
      behind(new RegExp(`^ {4}acl has-a-service .*\\(${before}\\).*\n`, 'm'), renamed),
    ]),
    edit('kubernetes/overlays/local/kustomization.yaml', [
      behind(new RegExp(`^ {2}- name: ${before}\n {4}newTag: .*\n`, 'm'), renamed),
    ]),
    edit('kubernetes/overlays/gke/kustomization.yaml', [
      behind(new RegExp(`^ {2}- name: ${before}\n(?: {4}.*\n)+`, 'm'), renamed),
    ]),
    edit('kubernetes/components/exposed-services/services.yaml', [
      atEnd(new RegExp(`---\\n(?:(?!---)[^])* {2}name: ${before}-exposed\\n[^]*$`), renamed),
    ]),
    edit('kubernetes/components/keda/kustomization.yaml', [
      behind(new RegExp(`^ {2}- patch: \\|\n(?: {6}.*\n)+? {8}name: ${before}\n`, 'm'), renamed),
    ]),
    edit('kubernetes/components/keda/scaled-objects.yaml', [
      behind(new RegExp(`^(?:(?!---).*\n)*? {2}name: ${before}\n(?:(?!---).*\n)*---\n`, 'm'), () =>
        scaledObject(context, `${context}.${aggregate}.change`),
      ),
    ]),
    edit('kubernetes/secrets/mongodb-atlas.yaml.example', [behind(new RegExp(`^ {2}${before}: .*\n`, 'm'), renamed)]),
  ];
}

/**
 * @param {string} name
 * @param {string} topic
 */
function scaledObject(name, topic) {
  return `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: ${name}
spec:
  scaleTargetRef:
    name: ${name}
  minReplicaCount: 2
  maxReplicaCount: 6
  triggers:
    - type: cpu
      metricType: Utilization
      metadata:
        value: '70'
    - type: kafka
      metadata:
        bootstrapServers: from-the-configmap
        consumerGroup: ${name}
        topic: ${topic}
        lagThreshold: '5000'
        offsetResetPolicy: earliest
        sasl: plaintext
        tls: enable
      authenticationRef:
        name: confluent-cloud-kafka
---
`;
}

/**
 * @param {string} file
 * @param {((text: string) => string | undefined)[]} steps
 * @returns {Edit}
 */
function edit(file, steps) {
  return {
    file,
    change: (text) =>
      steps.reduce((changed, step) => (changed === undefined ? undefined : step(changed)), /** @type {any} */ (text)),
  };
}

/**
 * Puts something behind the first match.
 * @param {RegExp} place
 * @param {(match: string) => string} make
 */
function behind(place, make) {
  return within(place, (match) => match + make(match));
}

/**
 * The same at the end of the file, whatever is between.
 * @param {RegExp} place
 * @param {(match: string) => string} make
 */
function atEnd(place, make) {
  return (/** @type {string} */ text) => {
    const [match] = place.exec(text) ?? [];
    return match === undefined ? undefined : text + make(match);
  };
}

/**
 * Replaces the first match.
 * @param {RegExp} place
 * @param {(match: string) => string} make
 */
function within(place, make) {
  return (/** @type {string} */ text) => (place.test(text) ? text.replace(place, (match) => make(match)) : undefined);
}
