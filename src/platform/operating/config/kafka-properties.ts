import type { Layer, RawSetting } from './raw-settings.js';
import { parseJaas } from './jaas.js';
import { readProperties } from './properties.js';

/** The setting for each supported property of Kafka clients. */
const SETTINGS: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'KAFKA_BOOTSTRAP_SERVERS',
  'security.protocol': 'KAFKA_SECURITY_PROTOCOL',
  'sasl.mechanism': 'KAFKA_SASL_MECHANISM',
  // The name in librdkafka clients.
  'sasl.mechanisms': 'KAFKA_SASL_MECHANISM',
  'sasl.username': 'KAFKA_SASL_USERNAME',
  'sasl.password': 'KAFKA_SASL_PASSWORD',
  'ssl.endpoint.identification.algorithm': 'KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM',
  'request.timeout.ms': 'KAFKA_REQUEST_TIMEOUT_MS',
  'retry.backoff.ms': 'KAFKA_RETRY_BACKOFF_MS',
  'session.timeout.ms': 'KAFKA_SESSION_TIMEOUT_MS',
  'compression.type': 'KAFKA_COMPRESSION',
};
const JAAS = 'sasl.jaas.config';
/** Other names are never printed: they may be misplaced secrets. */
const PROPERTY_NAME = /^(?:acks|retries|[a-z]+(?:\.[a-z0-9]+)+)$/;

/**
 * Reads the properties at `KAFKA_PROPERTIES` as settings.
 * @param path a file, or a folder with a file for each property
 */
export function readKafkaLayer(path: string): {
  layer: Layer;
  problems: readonly string[];
  warnings: readonly string[];
} {
  let properties: ReadonlyMap<string, string>;
  try {
    properties = readProperties(path);
  } catch (error) {
    const problem = `KAFKA_PROPERTIES: cannot be read (${String((error as NodeJS.ErrnoException).code)})`;
    return { layer: new Map(), problems: [problem], warnings: [] };
  }
  const layer = new Map<string, RawSetting>();
  const problems: string[] = [];
  const unused: string[] = [];
  const set = (property: string, setting: string, value: string) => {
    const label = `KAFKA_PROPERTIES: ${property}`;
    if (layer.has(setting)) problems.push(`${label}: duplicates ${layer.get(setting)?.label}`);
    layer.set(setting, { value, label, origin: `${property} in ${path}` });
  };
  for (const [property, value] of properties) {
    const setting = SETTINGS[property];
    if (setting !== undefined) set(property, setting, value);
    else if (property === JAAS) {
      const login = parseJaas(value);
      if (login === undefined) problems.push(`KAFKA_PROPERTIES: ${JAAS}: ${NOT_JAAS}`);
      set(property, 'KAFKA_SASL_USERNAME', login?.username ?? '?');
      set(property, 'KAFKA_SASL_PASSWORD', login?.password ?? '?');
    } else if (/^(?:ssl|sasl)\./.test(property) && PROPERTY_NAME.test(property)) {
      problems.push(`KAFKA_PROPERTIES: ${property}: is not supported, and security properties must not be ignored`);
    } else unused.push(property);
  }
  return { layer, problems, warnings: unused.length > 0 ? [describe(unused)] : [] };
}

const NOT_JAAS =
  'must be a PlainLoginModule or ScramLoginModule of org.apache.kafka, required username="..." password="...";';

function describe(unused: readonly string[]): string {
  const names = unused.filter((property) => PROPERTY_NAME.test(property));
  const others = unused.length > names.length ? ['lines that are not properties'] : [];
  return `KAFKA_PROPERTIES: ignored: ${[...names, ...others].join(', ')}`;
}
