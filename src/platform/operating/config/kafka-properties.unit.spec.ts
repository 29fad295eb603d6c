import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigFolder, SECRET } from '../../testing/config-folder.js';

const MONGODB_URI = 'mongodb://a';
const folder = new ConfigFolder();
const { write, load, linesOf } = folder;

describe('KAFKA_PROPERTIES', () => {
  const CONFLUENT = `# Required connection configs for Kafka producer, consumer, and admin
bootstrap.servers=pkc-1.example:9092
security.protocol=SASL_SSL
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY' password='${SECRET}';
sasl.mechanism=PLAIN
# Required for correctness in Apache Kafka clients prior to 2.6
client.dns.lookup=use_all_dns_ips

# Best practice for higher availability in Apache Kafka clients prior to 3.0
session.timeout.ms=45000

# Best practice for Kafka producer to prevent data loss
acks=all

client.id=ccloud-java-client-1

# Required connection configs for Confluent Cloud Schema Registry
schema.registry.url=https://psrc-1.example
basic.auth.credentials.source=USER_INFO
basic.auth.user.info=KEY:${SECRET}
`;

  const connection = {
    KAFKA_BOOTSTRAP_SERVERS: 'pkc-1.example:9092',
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_SASL_USERNAME: 'KEY',
    KAFKA_SASL_PASSWORD: SECRET,
  };

  it('accepts the client file of Confluent Cloud, and lists the properties that it ignores', async () => {
    const KAFKA_PROPERTIES = await write('client.properties', CONFLUENT);
    const { config, warnings, originOf } = load({ MONGODB_URI, KAFKA_PROPERTIES });

    expect(config).toMatchObject({ ...connection, KAFKA_SESSION_TIMEOUT_MS: 45_000 });
    expect(originOf('KAFKA_SASL_PASSWORD')).toBe(`sasl.jaas.config in ${KAFKA_PROPERTIES}`);
    expect(warnings).toEqual([
      'KAFKA_PROPERTIES: ignored: client.dns.lookup, acks, client.id, schema.registry.url, ' +
        'basic.auth.credentials.source, basic.auth.user.info',
    ]);
  });

  it('accepts the property names of librdkafka', async () => {
    const content = `bootstrap.servers=pkc-1.example:9092\nsecurity.protocol=SASL_SSL\nsasl.mechanisms=PLAIN
sasl.username=KEY\nsasl.password=${SECRET}\n`;
    const KAFKA_PROPERTIES = await write('client.properties', content);

    expect(load({ MONGODB_URI, KAFKA_PROPERTIES })).toMatchObject({ config: connection, warnings: [] });
  });

  it('accepts a folder with a file for each property, as Kubernetes mounts it', async () => {
    await write('..2026_11_23/bootstrap.servers', 'pkc-1.example:9092');
    await write('..2026_11_23/security.protocol', 'SASL_SSL\n');
    await write('..2026_11_23/sasl.mechanism', 'PLAIN');
    await write('..2026_11_23/sasl.username', 'KEY');
    await write('..2026_11_23/sasl.password', `${SECRET}\n`);
    await write('..2026_11_23/ssl.endpoint.identification.algorithm', '');
    await write('..2026_11_23/request.timeout.ms', '20000');
    await write('..2026_11_23/retry.backoff.ms', '500');
    await write('..2026_11_23/compression.type', 'gzip');
    await symlink('..2026_11_23', path.join(folder.path, '..data'));
    const names = ['bootstrap.servers', 'security.protocol', 'sasl.mechanism', 'sasl.username', 'sasl.password'];
    const others = ['ssl.endpoint.identification.algorithm', 'request.timeout.ms', 'retry.backoff.ms'];
    for (const name of [...names, ...others, 'compression.type'])
      await symlink(`..data/${name}`, path.join(folder.path, name));
    await mkdir(path.join(folder.path, 'lost+found'));
    const { config, warnings } = load({ MONGODB_URI, KAFKA_PROPERTIES: folder.path });

    expect(config).toMatchObject({
      ...connection,
      KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: '',
      KAFKA_REQUEST_TIMEOUT_MS: 20_000,
      KAFKA_RETRY_BACKOFF_MS: 500,
      KAFKA_COMPRESSION: 'gzip',
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^KAFKA_PROPERTIES: ssl\.endpoint\.identification\.algorithm: is empty/),
    ]);
  });

  it('is overridden by other settings, such as those of the credentials', async () => {
    const content = 'bootstrap.servers=a:1\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n';
    const KAFKA_PROPERTIES = await write('client.properties', content);
    const KAFKA_SASL_PASSWORD_FILE = await write('secret', SECRET);
    const login = { KAFKA_SASL_USERNAME: 'KEY', KAFKA_SASL_PASSWORD_FILE };

    expect(load({ MONGODB_URI, KAFKA_PROPERTIES, ...login }).config).toMatchObject({
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'KEY',
      KAFKA_SASL_PASSWORD: SECRET,
    });
    const withOwn = await write('own.properties', CONFLUENT);
    expect(
      load({ MONGODB_URI, KAFKA_PROPERTIES: withOwn, ...login, KAFKA_BOOTSTRAP_SERVERS: 'b:2' }).config,
    ).toMatchObject({ KAFKA_BOOTSTRAP_SERVERS: 'b:2', KAFKA_SASL_USERNAME: 'KEY', KAFKA_SASL_PASSWORD: SECRET });
  });

  it.each([
    ['bootstrap.servers', `bootstrap.servers=${SECRET}`],
    ['security.protocol', `security.protocol=${SECRET}`],
    ['sasl.mechanism', `sasl.mechanism=OAUTHBEARER`],
    ['sasl.jaas.config', `sasl.jaas.config=${SECRET}`],
    ['compression.type', `compression.type=lz4`],
    ['request.timeout.ms', `request.timeout.ms=${SECRET}`],
    ['ssl.endpoint.identification.algorithm', `ssl.endpoint.identification.algorithm=${SECRET}`],
    ['ssl.truststore.location', `ssl.truststore.location=/${SECRET}`],
    ['sasl.oauthbearer.token.endpoint.url', `sasl.oauthbearer.token.endpoint.url=https://${SECRET}`],
    ['sasl.username', `sasl.username=${SECRET}`],
  ])('is refused for an invalid %s, by its name', async (property, line) => {
    const KAFKA_PROPERTIES = await write('client.properties', `${CONFLUENT}\n${line}\n`);
    const lines = linesOf({ MONGODB_URI, KAFKA_PROPERTIES });

    expect(lines[0]).toMatch(new RegExp(`^KAFKA_PROPERTIES: ${property.replaceAll('.', '\\.')}: `));
    expect(lines).toHaveLength(1);
  });

  it('is refused if the file does not exist or has no properties', async () => {
    expect(linesOf({ MONGODB_URI, KAFKA_PROPERTIES: `/nowhere/${SECRET}` })).toEqual([
      'KAFKA_PROPERTIES: cannot be read (ENOENT)',
      expect.stringMatching(/^KAFKA_BOOTSTRAP_SERVERS: is not set, but KAFKA_PROPERTIES is/),
    ]);
    const secret = await write('secret', SECRET);
    expect(linesOf({ MONGODB_URI, KAFKA_PROPERTIES: secret })).toEqual([
      expect.stringMatching(/^KAFKA_BOOTSTRAP_SERVERS: is not set, but KAFKA_PROPERTIES is/),
    ]);
    expect(load({ MONGODB_URI, KAFKA_PROPERTIES: secret, KAFKA_BOOTSTRAP_SERVERS: 'a:1' }).warnings).toEqual([
      'KAFKA_PROPERTIES: ignored: lines that are not properties',
    ]);
  });

  it('causes a warning for credentials that are sent unencrypted', async () => {
    const KAFKA_PROPERTIES = await write('client.properties', CONFLUENT.replace('SASL_SSL', 'SASL_PLAINTEXT'));

    expect(load({ MONGODB_URI, KAFKA_PROPERTIES }).warnings).toContainEqual(
      expect.stringMatching(/^KAFKA_PROPERTIES: security\.protocol: /),
    );
  });
});
