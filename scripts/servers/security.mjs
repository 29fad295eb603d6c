import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority } from './certificates.mjs';
import { once } from './downloads.mjs';

/**
 * What a secure instance's servers and clients need.
 * @typedef {object} Security
 * @property {string} ca file with the authority's certificate, for clients
 * @property {string} certificate file with the servers' certificate, for `localhost` and no other name, and its key
 * @property {string} keyFile file with what the members of a replica set know each other by
 * @property {string} user
 * @property {string} password
 */

/** The password has in it what is escaped in properties, in JAAS and in connection strings. */
export const CREDENTIALS = { user: 'app', password: 'p@ss "word" \\ 100%: é' };
export const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';
/** Who may come in to the broker by SCRAM-SHA-512. */
export const SCRAM = { user: 'scram', password: 'scram-secret' };

/**
 * Makes the files once.
 * @param {string} folder @returns {Promise<Security>}
 */
export async function security(folder) {
  await once(folder, async (partial) => {
    const authority = createAuthority('Test authority');
    const { certificate, key } = authority.issue('localhost');
    const files = filesIn(partial);
    await writeFile(files.ca, authority.certificate);
    await writeFile(files.certificate, key + certificate);
    await writeFile(files.keyFile, randomBytes(48).toString('base64'), { mode: 0o400 });
  });
  return { ...filesIn(folder), ...CREDENTIALS };
}

/**
 * Writes what a client's settings lead to, and answers those.
 * @param {string} folder @param {{ kafka: string, mongodb: string }} addresses @param {Security} security
 * @returns {Record<string, string>}
 */
export function clientSettings(folder, { kafka, mongodb }, { ca, user, password }) {
  const [properties, uri] = [join(folder, 'client.properties'), join(folder, 'mongodb-uri')];
  writeFileSync(properties, clientProperties(kafka, user, password));
  writeFileSync(uri, mongodb);
  return { KAFKA_PROPERTIES: properties, KAFKA_CA_FILE: ca, MONGODB_URI_FILE: uri };
}

/**
 * As managed brokers hand them out.
 * @param {string} brokers @param {string} user @param {string} password
 */
export const clientProperties = (brokers, user, password) => `bootstrap.servers=${brokers}
security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.jaas.config=${escaped(`${PLAIN} required username=${quoted(user)} password=${quoted(password)};`)}
`;

/** @param {string} folder */
const filesIn = (folder) => ({
  ca: join(folder, 'ca.pem'),
  certificate: join(folder, 'server.pem'),
  keyFile: join(folder, 'replica-set.key'),
});

/** As JAAS, and a properties file around it, have a text. @param {string} text */
export const quoted = (text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
/** As a properties file has a value; Java reads it as Latin-1 with escapes. @param {string} text */
export const escaped = (text) =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
