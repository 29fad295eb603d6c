import { readFileSync } from 'node:fs';
import type { Admin, KafkaConfig, Producer, SASLOptions } from 'kafkajs';
import type { Config } from '../operating/config/config.js';
import { explained } from './errors.js';

/** Few retries, because the callers retry without limit and with newer information. */
export const RETRY = { retries: 3, maxRetryTime: 1_000 };

/** The connection settings for kafkajs. @throws the file system's error when KAFKA_CA_FILE cannot be read */
export function kafkaClient(config: Config): Omit<KafkaConfig, 'logCreator'> {
  const { KAFKA_BOOTSTRAP_SERVERS = '', KAFKA_SECURITY_PROTOCOL: protocol, KAFKA_RETRY_BACKOFF_MS: backoff } = config;
  return {
    clientId: 'accounts-orders',
    brokers: KAFKA_BOOTSTRAP_SERVERS.split(',').map((server) => server.trim()),
    connectionTimeout: 5_000,
    requestTimeout: config.KAFKA_REQUEST_TIMEOUT_MS,
    // Few retries: the callers of the bus retry without limit, and can be stopped meanwhile.
    retry: { retries: 2, initialRetryTime: backoff, maxRetryTime: Math.max(500, backoff) },
    ...(protocol.endsWith('SSL') && { ssl: tls(config) }),
    ...(protocol.startsWith('SASL') && { sasl: sasl(config) }),
  };
}

function tls({ KAFKA_CA_FILE: file, KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: algorithm }: Config) {
  return {
    ...(file !== undefined && { ca: readFileSync(file) }),
    ...(algorithm === '' && { checkServerIdentity: () => undefined }),
  };
}

function sasl(config: Config): SASLOptions {
  const { KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME: username = '', KAFKA_SASL_PASSWORD: password = '' } = config;
  const mechanism = (KAFKA_SASL_MECHANISM ?? 'PLAIN').toLowerCase() as 'plain' | 'scram-sha-256' | 'scram-sha-512';
  return { mechanism, username, password } as SASLOptions;
}

/** Connects the client and returns it. @throws the reason of the failure, after it has called `forget` */
export async function connected<Client extends Producer | Admin>(client: Client, forget: () => void): Promise<Client> {
  try {
    await client.connect();
    return client;
  } catch (error) {
    forget();
    // It may have opened a socket already.
    void client.disconnect().catch(() => undefined);
    throw explained(error);
  }
}
