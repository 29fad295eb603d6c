import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder } from '../../testing/temporary-folder.js';
import { ConfigError, loadConfig } from './config.js';

const SECRET = 's3cr3t';
const MONGODB_URI = 'mongodb://a';
const MODULES = ['accounts', 'orders'];

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

async function write(name: string, content: string): Promise<string> {
  const file = path.join(folder.path, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

function load(environment: NodeJS.ProcessEnv, modules: readonly string[] = MODULES) {
  return loadConfig(modules, { environment, folder: folder.path });
}

function linesOf(environment: NodeJS.ProcessEnv, modules = MODULES): string[] {
  try {
    load(environment, modules);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).not.toContain(SECRET);
    return (error as Error).message.split('\n');
  }
  throw new Error('these settings are valid');
}

describe('settings', () => {
  it('are read from the environment, then the file of NODE_ENV, then the default file', async () => {
    const file = await write('default.json', JSON.stringify({ LOG_LEVEL: 'info', PORT: 1, DATA_DIR: 'd' }));
    await write('production.json', JSON.stringify({ LOG_LEVEL: 'warn', PORT: 2 }));
    const { config, originOf } = load({ NODE_ENV: 'production', PORT: '3', ALLOW_EMBEDDED: 'true' });

    expect(config).toMatchObject({ LOG_LEVEL: 'warn', PORT: 3, DATA_DIR: 'd' });
    expect(['DATA_DIR', 'PORT', 'HTTP_BODY_LIMIT'].map(originOf)).toEqual([file, 'environment', undefined]);
    expect(load({}).config).toMatchObject({ LOG_LEVEL: 'info', PORT: 1 });
  });

  it('need no file, and ignore other environment variables', () => {
    expect(load({ PATH: '/bin', PORT: '3' }).config).toMatchObject({ PORT: 3 });
  });

  it('are not set by an empty variable', () => {
    expect(load({ PORT: '', MONGODB_URI: '', MONGODB_URI_FILE: '' }).config).toMatchObject({ PORT: 8080 });
  });

  it.each([`{"MONGODB_URI": "mongodb://${SECRET}`, `"${SECRET}"`, `["${SECRET}"]`])(
    'are refused if a file is not a JSON object, with its name and without its content: %j',
    async (content) => {
      const file = await write('default.json', content);

      expect(linesOf({})).toEqual([`${file}: is not a JSON object`]);
    },
  );

  it('of another module may be in a file, but unknown ones may not', async () => {
    await write('default.json', JSON.stringify({ ORDERS_MONGODB_URI: SECRET, ORDER_MONGODB: SECRET, PROT: SECRET }));

    expect(linesOf({}, ['accounts'])).toEqual(['ORDER_MONGODB: unknown setting', 'PROT: unknown setting']);
  });

  it('that are invalid are reported together, by name', () => {
    const KAFKA_BOOTSTRAP_SERVERS = 'a:1';
    const settings = { PORT: SECRET, LOG_LEVEL: SECRET, MONGODB_URI_FILE: `/${SECRET}`, KAFKA_BOOTSTRAP_SERVERS };

    expect(linesOf(settings)).toEqual([
      expect.stringMatching(/^MONGODB_URI_FILE: names a file that cannot be read \(ENOENT\)$/),
      expect.stringMatching(/^PORT: /),
      expect.stringMatching(/^LOG_LEVEL: /),
    ]);
  });
});

describe('in production', () => {
  const production = { NODE_ENV: 'production' };
  const refusal = expect.stringMatching(
    /^KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI: are not set, but NODE_ENV is production/,
  );

  it('the embedded adapters are refused unless they are allowed', () => {
    expect(linesOf(production)).toEqual([refusal]);
    expect(linesOf({ ...production, ALLOW_EMBEDDED: 'false' })).toEqual([refusal]);
    expect(linesOf({ ...production, ALLOW_EMBEDDED: SECRET })).toContainEqual(
      expect.stringMatching(/^ALLOW_EMBEDDED: must be true or false/),
    );
    expect(load({ ...production, ALLOW_EMBEDDED: 'true' }).config).toMatchObject({ ALLOW_EMBEDDED: true });
    expect(load({ NODE_ENV: 'development' }).config).toMatchObject({ ALLOW_EMBEDDED: false });
  });

  it('servers need no permission, but both must be set', () => {
    const KAFKA_BOOTSTRAP_SERVERS = 'a:1';
    expect(load({ ...production, KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI }).warnings).toEqual([]);
    expect(linesOf({ ...production, MONGODB_URI })).toEqual([
      expect.stringMatching(/^KAFKA_BOOTSTRAP_SERVERS: is not set, but MONGODB_URI is/),
    ]);
  });

  it('a refusal names misspelt settings, without values', () => {
    const misspelt = { KAFKA_BOOTSTRAP_SERVER: SECRET, MONGODB_URL: SECRET };
    expect(linesOf({ ...production, ...misspelt })).toEqual([
      refusal,
      'KAFKA_BOOTSTRAP_SERVER: unknown setting; did you mean KAFKA_BOOTSTRAP_SERVERS?',
      'MONGODB_URL: unknown setting; did you mean MONGODB_URI?',
    ]);
  });
});

describe('a misspelt variable', () => {
  it('causes a warning with its name and without its value', () => {
    const { warnings } = load({ MONGODB_URL: SECRET, MONGODB_URI_FIL: SECRET, KAFKA_PORT: SECRET, PORTS: '' });

    expect(warnings).toEqual([
      'MONGODB_URL: unknown setting; did you mean MONGODB_URI?',
      'MONGODB_URI_FIL: unknown setting; did you mean MONGODB_URI_FILE?',
    ]);
  });
});

describe('a secret in a file', () => {
  it('is the content of the file without the final newline', async () => {
    const [uri, password] = [await write('uri', 'mongodb://a\n'), await write('password', ' p w \r\n')];
    const { config, originOf } = load({
      KAFKA_BOOTSTRAP_SERVERS: 'a:9092',
      KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'app',
      KAFKA_SASL_PASSWORD_FILE: password,
      ACCOUNTS_MONGODB_URI_FILE: uri,
      ORDERS_MONGODB_URI_FILE: uri,
    });

    expect(config).toMatchObject({
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_PASSWORD: ' p w ',
      ACCOUNTS_MONGODB_URI: 'mongodb://a',
      ORDERS_MONGODB_URI: 'mongodb://a',
    });
    expect(originOf('ACCOUNTS_MONGODB_URI')).toBe(`ACCOUNTS_MONGODB_URI_FILE (${uri})`);
  });

  it('is reported by the name of the file setting', async () => {
    const file = await write('uri', `http://${SECRET}`);
    const empty = await write('empty', '\n');

    expect(linesOf({ KAFKA_BOOTSTRAP_SERVERS: 'a:1', MONGODB_URI_FILE: file })).toEqual([
      expect.stringMatching(/^MONGODB_URI_FILE: must begin with/),
    ]);
    expect(linesOf({ KAFKA_BOOTSTRAP_SERVERS: 'a:1', MONGODB_URI_FILE: empty })).toEqual([
      'MONGODB_URI_FILE: must not be empty',
    ]);
  });

  it('is refused if it is also in the environment', async () => {
    const file = await write('uri', MONGODB_URI);

    expect(linesOf({ KAFKA_BOOTSTRAP_SERVERS: 'a:1', MONGODB_URI, MONGODB_URI_FILE: file })).toEqual([
      expect.stringMatching(/^MONGODB_URI_FILE: is set, and so is MONGODB_URI/),
    ]);
  });

  it('is supported for secrets only, not for other settings', async () => {
    await write('default.json', JSON.stringify({ PORT_FILE: '/x' }));

    expect(linesOf({})).toEqual(['PORT_FILE: unknown setting']);
  });
});

describe('a connection string', () => {
  it.each(['tlsInsecure', 'tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames'])(
    'that disables certificate verification with %s causes a warning without its password',
    (option) => {
      const uri = (value: string) => `mongodb://u:${SECRET}@a/?tls=true&${option}=${value}`;
      const environment = { KAFKA_BOOTSTRAP_SERVERS: 'a:1', MONGODB_URI, ORDERS_MONGODB_URI: uri('true') };

      expect(load(environment).warnings).toEqual([
        expect.stringMatching(/^ORDERS_MONGODB_URI: disables TLS certificate verification/),
      ]);
      expect(load(environment).warnings.join()).not.toContain(SECRET);
      expect(load({ ...environment, ORDERS_MONGODB_URI: uri('false') }).warnings).toEqual([]);
    },
  );
});

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
    await symlink('..2026_11_23', path.join(folder.path, '..data'));
    const names = ['bootstrap.servers', 'security.protocol', 'sasl.mechanism', 'sasl.username', 'sasl.password'];
    const others = ['ssl.endpoint.identification.algorithm', 'request.timeout.ms', 'retry.backoff.ms'];
    for (const name of [...names, ...others]) await symlink(`..data/${name}`, path.join(folder.path, name));
    await mkdir(path.join(folder.path, 'lost+found'));
    const { config, warnings } = load({ MONGODB_URI, KAFKA_PROPERTIES: folder.path });

    expect(config).toMatchObject({
      ...connection,
      KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: '',
      KAFKA_REQUEST_TIMEOUT_MS: 20_000,
      KAFKA_RETRY_BACKOFF_MS: 500,
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
