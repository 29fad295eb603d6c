import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realServers } from '../../../src/platform/testing/real-servers.js';
import { type RunningProcess, type Settings, temporaryDirectory } from '../run-process.js';
import type { Instance } from './gateway.js';
import { AUDIENCE, ISSUER, PUBLIC_KEY } from './tokens.js';

/** Of services that stand behind the gateway on the real servers, and check tokens again. */
export function settingsBehindGateway(): Settings {
  const { kafka, mongodb } = realServers();
  const keyFile = join(temporaryDirectory(), 'public.pem');
  writeFileSync(keyFile, PUBLIC_KEY);
  return {
    KAFKA_BOOTSTRAP_SERVERS: kafka,
    MONGODB_URI: mongodb,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
    AUTH_MODE: 'jwt',
    JWT_PUBLIC_KEY_FILE: keyFile,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
  };
}

/** Where a process that serves can be reached. */
export function instanceOf({ url, managementUrl }: RunningProcess): Instance {
  return { port: Number(new URL(url).port), healthPort: Number(new URL(managementUrl).port) };
}
