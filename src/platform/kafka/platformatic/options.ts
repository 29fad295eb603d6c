import { isIP } from 'node:net';
import type { KafkaConfig } from 'kafkajs';
import type { ClientOptions } from './library.js';

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
/** The library refreshes partition counts and leaders at this interval, if it uses them. */
const METADATA_MAX_AGE_MS = 10_000;

let opened = 0;

/** Returns the settings of a client of the library. */
export function clientOptions(settings: Omit<KafkaConfig, 'logCreator'>, retries: number): ClientOptions {
  const {
    clientId = 'kafka',
    connectionTimeout = 5_000,
    requestTimeout = DEFAULT_REQUEST_TIMEOUT_MS,
    retry,
  } = settings;
  const brokers = settings.brokers as string[];
  return {
    clientId,
    context: clientId,
    bootstrapBrokers: rotated(brokers),
    connectTimeout: connectionTimeout,
    requestTimeout,
    timeout: requestTimeout,
    retries,
    retryDelay: retry?.initialRetryTime ?? 100,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    autocreateTopics: false,
    ...(settings.ssl !== undefined && {
      tls: settings.ssl === true ? {} : (settings.ssl as object),
      // A host name is sent, as the certificate is chosen by it. An address must not be.
      tlsServerName: !brokers.every((broker) => isIP(broker.slice(0, broker.lastIndexOf(':')))),
    }),
    ...(settings.sasl && { sasl: loginOf(settings.sasl) }),
  };
}

/** Each client asks another broker first: one may be suspended, and not answer. */
function rotated(brokers: readonly string[]): string[] {
  const first = opened % brokers.length;
  opened += 1;
  return [...brokers.slice(first), ...brokers.slice(0, first)];
}

function loginOf(sasl: NonNullable<KafkaConfig['sasl']>): NonNullable<ClientOptions['sasl']> {
  const { mechanism, username, password } = sasl as { mechanism: string; username: string; password: string };
  return { mechanism: mechanism.toUpperCase(), username, password };
}
