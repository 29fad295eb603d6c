import { z } from 'zod';
import { areCertificates } from './certificates.js';
import { oneOf, secret, text, whole } from './fields.js';
import type { Found } from './found.js';

const BROKERS = /^[^\s,:/]+:\d{1,5}(\s*,\s*[^\s,:/]+:\d{1,5})*$/;

/** Kafka's settings. Those that a Kafka client has, too, are called as it calls them: `sasl.mechanism` for one. */
export const kafkaSettings = {
  /** A file of properties, or a folder with a file for each. */
  KAFKA_PROPERTIES: text.optional(),
  KAFKA_BOOTSTRAP_SERVERS: text.regex(BROKERS, 'must be HOST:PORT, or several with commas between').optional(),
  KAFKA_SECURITY_PROTOCOL: oneOf('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL').default('PLAINTEXT'),
  KAFKA_SASL_MECHANISM: oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512').optional(),
  KAFKA_SASL_USERNAME: secret.optional(),
  KAFKA_SASL_PASSWORD: secret.optional(),
  /** Empty for a certificate of whatever host name. */
  KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: z
    .string('must be text')
    .trim()
    .pipe(z.enum(['https', ''], 'must be https or empty'))
    .default('https'),
  /** Certificates (PEM) of those who may vouch for the brokers, instead of those whom Node.js knows. */
  KAFKA_CA_FILE: text.refine(areCertificates, 'is no file of certificates (PEM) that can be read').optional(),
  /** Milliseconds. */
  KAFKA_REQUEST_TIMEOUT_MS: whole(1_000, 300_000).default(30_000),
  /** Milliseconds before the first repetition of what failed. */
  KAFKA_RETRY_BACKOFF_MS: whole(1, 60_000).default(100),
  /** Partitions of a topic that is created at start. */
  KAFKA_TOPIC_PARTITIONS: whole(1, 1_000).default(6),
  /** Replicas that every topic must have. Without: three for one that is created on a cluster, one on a single broker. */
  KAFKA_TOPIC_REPLICAS: whole(1, 9).optional(),
  /** Milliseconds after which a dead instance's partitions go to the others. */
  KAFKA_SESSION_TIMEOUT_MS: whole(6_000, 300_000).default(10_000),
};

/** Whether the settings make sense together: a line for each that does not. */
export function kafkaProblems(found: Found): string[] {
  const protocol = protocolOf(found);
  const problems: string[] = [];
  // What is no protocol is told already.
  if (protocol === undefined) return problems;
  const usesSasl = protocol.startsWith('SASL');
  const login = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'];
  for (const name of usesSasl ? ['KAFKA_SASL_MECHANISM', ...login] : []) {
    if (found.has(name)) continue;
    problems.push(`${name}: is not set, but ${found.label('KAFKA_SECURITY_PROTOCOL')} asks for SASL`);
  }
  const unused = [...(usesSasl ? [] : login), ...(protocol.endsWith('SSL') ? [] : ['KAFKA_CA_FILE'])];
  for (const label of new Set(unused.filter((name) => found.has(name)).map((name) => found.label(name)))) {
    problems.push(
      `${label}: is of no use to connections of ${protocol}; see KAFKA_SECURITY_PROTOCOL (security.protocol)`,
    );
  }
  return problems;
}

function protocolOf(found: Found): string | undefined {
  return kafkaSettings.KAFKA_SECURITY_PROTOCOL.safeParse(found.value('KAFKA_SECURITY_PROTOCOL')).data;
}

/** What is allowed, and less safe than it could be. */
export function kafkaWarnings(found: Found): string[] {
  const warnings: string[] = [];
  if (protocolOf(found) === 'SASL_PLAINTEXT') {
    warnings.push(`${found.label('KAFKA_SECURITY_PROTOCOL')}: credentials and events travel unencrypted`);
  }
  if (found.value('KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM') === '') {
    const label = found.label('KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM');
    warnings.push(`${label}: is empty, so that whoever has any certificate may pass for a broker`);
  }
  return warnings;
}
