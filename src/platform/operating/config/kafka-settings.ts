import { z } from 'zod';
import { nativeZstd } from '../../tools/zstd.js';
import { areCertificates } from './certificates.js';
import { integer, oneOf, secret, text } from './fields.js';
import type { RawSettings } from './raw-settings.js';

const BROKERS = /^[^\s,:/]+:\d{1,5}(\s*,\s*[^\s,:/]+:\d{1,5})*$/;

/** How batches are compressed; the names are those of Kafka clients. */
export type Compression = 'zstd' | 'gzip' | 'none';

/** The compression that is used when none is configured. */
export const DEFAULT_COMPRESSION: Compression = nativeZstd ? 'zstd' : 'gzip';

/** Returns the field for a compression; zstd is refused if this Node.js cannot compress with it. */
export const compression = (hasZstd: boolean) =>
  z
    .string('must be text')
    .trim()
    .toLowerCase()
    .pipe(z.enum(['zstd', 'gzip', 'none'], 'must be zstd, gzip or none'))
    .refine(
      (name) => hasZstd || name !== 'zstd',
      'zstd needs Node.js 22.15 or later: upgrade Node.js, or set gzip or none',
    );

/** The library that sends and fetches records. */
export type RecordClientName = 'kafkajs' | 'platformatic';

/** Returns the field for a client; `platformatic` is refused if this Node.js cannot run it. */
export const recordClient = (nodeVersion: string) =>
  z
    .string('must be text')
    .trim()
    .toLowerCase()
    .pipe(z.enum(['kafkajs', 'platformatic'], 'must be kafkajs or platformatic'))
    .refine(
      (name) => name !== 'platformatic' || runsPlatformatic(nodeVersion),
      `platformatic needs Node.js 22.22 or 24.6 or later, and this is ${nodeVersion}: upgrade Node.js, or set kafkajs`,
    );

/** True if a version of Node.js can run `@platformatic/kafka`. */
export function runsPlatformatic(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 6) || (major === 22 && minor >= 22);
}

/** The Kafka settings. A setting that Kafka clients have too is named after their property, such as `sasl.mechanism`. */
export const kafkaSettings = {
  /** A properties file, or a folder with a file for each property. */
  KAFKA_PROPERTIES: text.optional(),
  KAFKA_BOOTSTRAP_SERVERS: text.regex(BROKERS, 'must be HOST:PORT, or several separated by commas').optional(),
  KAFKA_SECURITY_PROTOCOL: oneOf('PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL').default('PLAINTEXT'),
  KAFKA_SASL_MECHANISM: oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512').optional(),
  KAFKA_SASL_USERNAME: secret.optional(),
  KAFKA_SASL_PASSWORD: secret.optional(),
  /** Empty disables host name verification. */
  KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: z
    .string('must be text')
    .trim()
    .pipe(z.enum(['https', ''], 'must be https or empty'))
    .default('https'),
  /** PEM certificates of the authorities to trust instead of those of Node.js. */
  KAFKA_CA_FILE: text.refine(areCertificates, 'must be a readable file of PEM certificates').optional(),
  KAFKA_REQUEST_TIMEOUT_MS: integer(1_000, 300_000).default(30_000),
  /** Delay before the first retry. */
  KAFKA_RETRY_BACKOFF_MS: integer(1, 60_000).default(100),
  /** The library that sends and fetches records. */
  KAFKA_CLIENT: recordClient(process.versions.node).default('kafkajs'),
  /** Compression of the batches that this process sends. It reads all of them. */
  KAFKA_COMPRESSION: compression(nativeZstd !== undefined).default(DEFAULT_COMPRESSION),
  /** Partitions of topics that are created at start. */
  KAFKA_TOPIC_PARTITIONS: integer(1, 1_000).default(6),
  /** Replicas that every topic must have. If unset, new topics get three on a cluster and one on a single broker. */
  KAFKA_TOPIC_REPLICAS: integer(1, 9).optional(),
  /** Time until the partitions of a dead instance move to the others. */
  KAFKA_SESSION_TIMEOUT_MS: integer(6_000, 300_000).default(10_000),
};

/** Returns a line for each setting that is valid alone but not together with the others. */
export function kafkaProblems(raw: RawSettings): string[] {
  const protocol = protocolOf(raw);
  const problems: string[] = [];
  // An invalid protocol has been reported already.
  if (protocol === undefined) return problems;
  const usesSasl = protocol.startsWith('SASL');
  const login = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'];
  for (const name of usesSasl ? ['KAFKA_SASL_MECHANISM', ...login] : []) {
    if (raw.has(name)) continue;
    problems.push(`${name}: is not set, but ${raw.label('KAFKA_SECURITY_PROTOCOL')} requires SASL`);
  }
  const unused = [...(usesSasl ? [] : login), ...(protocol.endsWith('SSL') ? [] : ['KAFKA_CA_FILE'])];
  for (const label of new Set(unused.filter((name) => raw.has(name)).map((name) => raw.label(name)))) {
    problems.push(`${label}: has no effect with ${protocol}; check KAFKA_SECURITY_PROTOCOL (security.protocol)`);
  }
  return problems;
}

function protocolOf(raw: RawSettings): string | undefined {
  return kafkaSettings.KAFKA_SECURITY_PROTOCOL.safeParse(raw.value('KAFKA_SECURITY_PROTOCOL')).data;
}

/** Returns warnings for settings that are allowed but insecure. */
export function kafkaWarnings(raw: RawSettings): string[] {
  const warnings: string[] = [];
  if (protocolOf(raw) === 'SASL_PLAINTEXT') {
    warnings.push(`${raw.label('KAFKA_SECURITY_PROTOCOL')}: credentials and events are sent unencrypted`);
  }
  if (raw.value('KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM') === '') {
    const label = raw.label('KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM');
    warnings.push(`${label}: is empty, which disables host name verification; the connection can be intercepted`);
  }
  return warnings;
}
