import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { clientProperties, SCRAM } from '../../scripts/servers/security.mjs';
import type { SecureServers } from './own-servers.js';
import { type Settings, temporaryDirectory } from './run-process.js';

/** A password that is not the servers'. */
export const WRONG = 'wr0ng-secret';

/** As Kubernetes mounts them: properties in a folder, secrets in another one. */
export function fromFolder(servers: SecureServers, module: string): Settings {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, 'kafka'));
  const put = (name: string, content: string) => {
    writeFileSync(join(folder, name), `${content}\n`);
    return join(folder, name);
  };
  put('kafka/bootstrap.servers', servers.kafka);
  put('kafka/security.protocol', 'SASL_SSL');
  put('kafka/sasl.mechanism', 'PLAIN');
  put('kafka/ssl.endpoint.identification.algorithm', 'https');
  return {
    KAFKA_PROPERTIES: join(folder, 'kafka'),
    KAFKA_SASL_USERNAME_FILE: put('key', servers.secured.user),
    KAFKA_SASL_PASSWORD_FILE: put('secret', servers.secured.password),
    KAFKA_CA_FILE: servers.secured.ca,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
    [`${module}_MONGODB_URI_FILE`]: put('uri', servers.mongodb),
  };
}

/** All of Kafka in the one file that managed brokers hand out. */
export function fromPropertiesFile(servers: SecureServers, module: string): Settings {
  const { user, password } = servers.secured;
  const KAFKA_PROPERTIES = join(temporaryDirectory(), 'client.properties');
  writeFileSync(KAFKA_PROPERTIES, clientProperties(servers.kafka, user, password));
  const isLogin = (name: string) => name.startsWith('KAFKA_SASL_');
  const others = Object.entries(fromFolder(servers, module)).filter(([name]) => !isLogin(name));
  return { ...Object.fromEntries(others), KAFKA_PROPERTIES };
}

/** Without what names the file of this secret. */
export function withoutFile(settings: Settings, secret: string): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name !== `${secret}_FILE`));
}

/** Fails where the output has any password, right or wrong, however it is written. */
export function expectNoSecret({ secured: { password } }: SecureServers, output: string): void {
  for (const secret of [
    password,
    JSON.stringify(password).slice(1, -1),
    encodeURIComponent(password),
    SCRAM.password,
    WRONG,
  ]) {
    expect(output).not.toContain(secret);
  }
}

/** Of a server on this machine. */
export function portOf(address: string): number {
  return Number(/localhost:(\d+)/.exec(address)?.[1]);
}
