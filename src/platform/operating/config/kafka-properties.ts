import type { Given, Layer } from './found.js';
import { parseJaas } from './jaas.js';
import { readProperties } from './properties.js';

/** Which setting a property of a Kafka client is. */
const SETTINGS: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'KAFKA_BOOTSTRAP_SERVERS',
  'security.protocol': 'KAFKA_SECURITY_PROTOCOL',
  'sasl.mechanism': 'KAFKA_SASL_MECHANISM',
  // As clients that are made of librdkafka call it.
  'sasl.mechanisms': 'KAFKA_SASL_MECHANISM',
  'sasl.username': 'KAFKA_SASL_USERNAME',
  'sasl.password': 'KAFKA_SASL_PASSWORD',
  'ssl.endpoint.identification.algorithm': 'KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM',
  'request.timeout.ms': 'KAFKA_REQUEST_TIMEOUT_MS',
  'retry.backoff.ms': 'KAFKA_RETRY_BACKOFF_MS',
  'session.timeout.ms': 'KAFKA_SESSION_TIMEOUT_MS',
};
const JAAS = 'sasl.jaas.config';
/** What is called otherwise is no property, and may be a secret that is in the wrong place. */
const NAME = /^(?:acks|retries|[a-z]+(?:\.[a-z0-9]+)+)$/;

/**
 * What `KAFKA_PROPERTIES` leads to, as settings.
 * @param place a file or a folder
 */
export function kafkaLayer(place: string): { layer: Layer; problems: readonly string[]; warnings: readonly string[] } {
  let properties: ReadonlyMap<string, string>;
  try {
    properties = readProperties(place);
  } catch (error) {
    const problem = `KAFKA_PROPERTIES: cannot be read (${String((error as NodeJS.ErrnoException).code)})`;
    return { layer: new Map(), problems: [problem], warnings: [] };
  }
  const layer = new Map<string, Given>();
  const problems: string[] = [];
  const unused: string[] = [];
  const set = (property: string, setting: string, value: string) => {
    const label = `KAFKA_PROPERTIES: ${property}`;
    if (layer.has(setting)) problems.push(`${label}: says again what ${layer.get(setting)?.label} says`);
    layer.set(setting, { value, label, origin: `${property} in ${place}` });
  };
  for (const [property, value] of properties) {
    const setting = SETTINGS[property];
    if (setting !== undefined) set(property, setting, value);
    else if (property === JAAS) {
      const login = parseJaas(value);
      if (login === undefined) problems.push(`KAFKA_PROPERTIES: ${JAAS}: ${NOT_JAAS}`);
      set(property, 'KAFKA_SASL_USERNAME', login?.username ?? '?');
      set(property, 'KAFKA_SASL_PASSWORD', login?.password ?? '?');
    } else if (/^(?:ssl|sasl)\./.test(property) && NAME.test(property)) {
      problems.push(
        `KAFKA_PROPERTIES: ${property}: is not understood, and how safe a connection is must not be guessed`,
      );
    } else unused.push(property);
  }
  return { layer, problems, warnings: unused.length > 0 ? [describe(unused)] : [] };
}

const NOT_JAAS =
  'must be a PlainLoginModule or ScramLoginModule of org.apache.kafka, required username="..." password="...";';

function describe(unused: readonly string[]): string {
  const names = unused.filter((property) => NAME.test(property));
  const others = unused.length > names.length ? ['what is no property'] : [];
  return `KAFKA_PROPERTIES: not used: ${[...names, ...others].join(', ')}`;
}
