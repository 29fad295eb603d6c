import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createAuthority } from '../../../../scripts/servers/certificates.mjs';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { configProblems } from '../../testing/config-problems.js';
import { isEmbedded, mongoDbOf, parseConfig } from './config.js';

const SECRET = 's3cr3t';

describe('the MongoDB connection string', () => {
  const withUri = (MONGODB_URI: string) => ({ MONGODB_URI, KAFKA_BOOTSTRAP_SERVERS: 'a:9092' });

  it.each([
    'mongodb+srv://me:pass@cluster0.abcde.mongodb.net/?retryWrites=true&w=majority&appName=Cluster0',
    'mongodb://a,b,c/db?replicaSet=rs0&readPreference=primary&readConcernLevel=majority&journal=true',
    'mongodb://a/?tls=true&tlsCAFile=/ca.pem&maxPoolSize=50&compressors=zstd&authSource=admin',
    'mongodb://me:pa?w=0&ss@a',
  ])('may be %s', (uri) => {
    expect(parseConfig(withUri(uri)).MONGODB_URI).toBe(uri);
  });

  it.each([
    ['w', 'mongodb://a/?retryWrites=true&w=1'],
    ['w', 'mongodb+srv://me:p?ss@a?w=0'],
    ['W', 'mongodb://a/?W=0'],
    ['journal', 'mongodb://a/?journal=false'],
    ['j', 'mongodb://a/?j=false'],
    ['wtimeoutMS', 'mongodb://a/?wtimeoutMS=500'],
    ['readPreference', 'mongodb://a,b/?readPreference=secondaryPreferred&w=majority'],
    ['readPreferenceTags', 'mongodb://a/db?readPreferenceTags=dc:ny&readPreferenceTags='],
    ['maxStalenessSeconds', 'mongodb://a/?maxStalenessSeconds=120'],
    ['readConcernLevel', 'mongodb://a/?readConcernLevel=local'],
    ['promoteValues', 'mongodb://a/?promoteValues=false'],
    ['w, readPreference', 'mongodb://a/?w=0&readPreference=secondary'],
  ])('must not have the option %s: %s', (options, uri) => {
    expect(configProblems(withUri(uri))).toMatch(
      new RegExp(`^MONGODB_URI: must not have the options? ${options}; [^\\n]*$`),
    );
    expect(configProblems({ ORDERS_MONGODB_URI: uri, KAFKA_BOOTSTRAP_SERVERS: 'a:1' }, ['orders'])).toMatch(
      /^ORDERS_MONGODB_URI: must not have the options? /,
    );
  });
});

describe('the configuration', () => {
  it('has a default for every required setting, and no servers', () => {
    expect(parseConfig({})).toEqual(
      expect.objectContaining({ HOST: '127.0.0.1', PORT: 8080, MANAGEMENT_PORT: 8081, LOG_LEVEL: 'info' }),
    );
    expect(parseConfig({}).MONGODB_URI).toBeUndefined();
    expect(parseConfig({}).KAFKA_BOOTSTRAP_SERVERS).toBeUndefined();
  });

  it('accepts numbers as strings, as in the environment', () => {
    const { PORT, KAFKA_TOPIC_PARTITIONS } = parseConfig({ PORT: '0', KAFKA_TOPIC_PARTITIONS: '12' });

    expect([PORT, KAFKA_TOPIC_PARTITIONS]).toEqual([0, 12]);
  });

  it.each([
    [undefined, 262_144],
    ['100', 100],
    [100, 100],
    ['2b', 2],
    ['3 kB', 3_072],
    ['1MB', 1_048_576],
  ])('accepts a size with a unit: %j is %j bytes', (HTTP_BODY_LIMIT, bytes) => {
    expect(parseConfig({ HTTP_BODY_LIMIT }).HTTP_BODY_LIMIT).toBe(bytes);
  });

  it.each([
    ['mongodb://user:pw@a:1,b:2/?replicaSet=rs0', 'a:9092'],
    ['mongodb+srv://cluster.example', 'a.example:9092, b.example:9092'],
  ])('accepts both servers: %s and %s', (MONGODB_URI, KAFKA_BOOTSTRAP_SERVERS) => {
    const settings = { MONGODB_URI, KAFKA_BOOTSTRAP_SERVERS };

    expect(parseConfig(settings)).toMatchObject(settings);
  });

  it.each([
    ['HOST', ''],
    ['HOST', { SECRET }],
    ['PORT', SECRET],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['MANAGEMENT_PORT', SECRET],
    ['LOG_LEVEL', SECRET],
    ['ACCESS_LOG_SAMPLE', SECRET],
    ['ACCESS_LOG_SAMPLE', '-1'],
    ['DATA_DIR', '  '],
    ['MONGODB_URI', `http://user:${SECRET}@host`],
    ['MONGODB_URI', 'mongodb://'],
    ['MONGODB_URI', `mongodb://user:${SECRET}@a/?w=0`],
    ['KAFKA_BOOTSTRAP_SERVERS', SECRET],
    ['KAFKA_BOOTSTRAP_SERVERS', `kafka://${SECRET}:9092`],
    ['KAFKA_BOOTSTRAP_SERVERS', 'a:9092,'],
    ['KAFKA_TOPIC_PARTITIONS', '0'],
    ['KAFKA_TOPIC_PARTITIONS', '1.5'],
    ['KAFKA_TOPIC_PARTITIONS', SECRET],
    ['KAFKA_SESSION_TIMEOUT_MS', '5999'],
    ['KAFKA_SESSION_TIMEOUT_MS', SECRET],
    ['HTTP_BODY_LIMIT', SECRET],
    ['HTTP_BODY_LIMIT', '-1kb'],
    ['HTTP_KEEP_ALIVE_MS', '0'],
    ['HTTP_KEEP_ALIVE_MS', SECRET],
    ['AUTH_MODE', SECRET],
    ['AUTH_ALLOW_NONE', SECRET],
    ['AUTH_ALLOW_NONE', 'yes'],
    ['JWT_JWKS_URL', SECRET],
    ['JWT_JWKS_URL', `file:///${SECRET}`],
    ['JWT_JWKS_URL', `https://user:${SECRET}@issuer.example/jwks`],
    ['JWT_JWKS_URL', `http://issuer.example/${SECRET}`],
    ['ALLOWED_HOSTS', `http://${SECRET}`],
    ['JWT_ISSUER', ' '],
    ['AUTH_OWNERSHIP', SECRET],
  ])('refuses an invalid %s in one line with its name and without its value (%j)', (name, value) => {
    const message = configProblems({ MONGODB_URI: 'mongodb://a', KAFKA_BOOTSTRAP_SERVERS: 'a:9092', [name]: value });

    expect(message).toMatch(new RegExp(`^${name}: [^\\n]+$`));
    expect(message).not.toContain(SECRET);
  });

  it('refuses one server without the other, and names the missing one', () => {
    expect(configProblems({ MONGODB_URI: `mongodb://${SECRET}` })).toMatch(/^KAFKA_BOOTSTRAP_SERVERS: [^\n]+$/);
    expect(configProblems({ KAFKA_BOOTSTRAP_SERVERS: `${SECRET}:1` })).toMatch(/^MONGODB_URI: [^\n]+$/);
    expect(configProblems({ MONGODB_URI: `mongodb://${SECRET}` })).not.toContain(SECRET);
  });

  it('refuses an unknown setting, by its name', () => {
    expect(configProblems({ PROT: SECRET })).toMatch(/^PROT: [^\n]+$/);
    expect(configProblems({ PROT: SECRET })).not.toContain(SECRET);
  });

  it('reports all problems together, in one line per setting', () => {
    const lines = configProblems({ PORT: SECRET, HOST: '', PROT: SECRET, MONGODB_URI: SECRET }).split('\n');

    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual([
      'HOST',
      'KAFKA_BOOTSTRAP_SERVERS',
      'MONGODB_URI',
      'PORT',
      'PROT',
    ]);
    expect(lines.join()).not.toContain(SECRET);
  });

  it('reports missing token settings together with other problems, each setting once', () => {
    const named = (settings: object) =>
      configProblems(settings as Record<string, unknown>)
        .split('\n')
        .map((line) => line.split(':')[0]);

    expect(named({ PORT: SECRET, AUTH_MODE: 'jwt' })).toEqual(['PORT', 'JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE']);
    expect(named({ JWT_ISSUER: ' ', JWT_AUDIENCE: 'a' })).toEqual(['JWT_ISSUER', 'JWT_AUDIENCE']);
    expect(named({ HOST: '' })).toEqual(['HOST']);
  });

  describe('of modules', () => {
    const KAFKA_BOOTSTRAP_SERVERS = 'a:9092';
    const [ACCOUNTS, ORDERS] = ['mongodb://accounts.example', 'mongodb://orders.example'];

    it('has a connection string for each, which overrides the shared one', () => {
      const settings = { KAFKA_BOOTSTRAP_SERVERS, MONGODB_URI: ACCOUNTS, ORDERS_MONGODB_URI: ORDERS };
      const config = parseConfig(settings, ['accounts', 'orders']);

      expect(mongoDbOf(config, 'accounts')).toEqual({ setting: 'MONGODB_URI', uri: ACCOUNTS });
      expect(mongoDbOf(config, 'orders')).toEqual({ setting: 'ORDERS_MONGODB_URI', uri: ORDERS });
    });

    it('requires only those of the modules in the process', () => {
      const settings = { KAFKA_BOOTSTRAP_SERVERS, ACCOUNTS_MONGODB_URI: ACCOUNTS };

      expect(isEmbedded(parseConfig(settings, ['accounts']))).toBe(false);
      expect(configProblems(settings, ['accounts', 'orders'])).toMatch(/^ORDERS_MONGODB_URI: [^\n]+$/);
      expect(configProblems({ KAFKA_BOOTSTRAP_SERVERS }, ['accounts', 'orders'])).toMatch(/^MONGODB_URI: [^\n]+$/);
      expect(configProblems({ ACCOUNTS_MONGODB_URI: ACCOUNTS }, ['accounts'])).toMatch(
        /^KAFKA_BOOTSTRAP_SERVERS: [^\n]+$/,
      );
    });

    it('refuses an invalid one by its name', () => {
      const settings = { KAFKA_BOOTSTRAP_SERVERS, ACCOUNTS_MONGODB_URI: `http://${SECRET}` };

      expect(configProblems(settings, ['accounts'])).toMatch(/^ACCOUNTS_MONGODB_URI: [^\n]+$/);
      expect(configProblems(settings, ['accounts'])).not.toContain(SECRET);
    });
  });

  describe('of Kafka', () => {
    const MONGODB_URI = 'mongodb://a';
    const KAFKA_BOOTSTRAP_SERVERS = 'a:9092';
    const safe = {
      MONGODB_URI,
      KAFKA_BOOTSTRAP_SERVERS,
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'PLAIN',
      KAFKA_SASL_USERNAME: 'app',
      KAFKA_SASL_PASSWORD: ` ${SECRET} `,
    };

    it('verifies host names by default, and does not trim a password', () => {
      expect(parseConfig(safe)).toMatchObject({
        KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: 'https',
        KAFKA_SASL_PASSWORD: ` ${SECRET} `,
      });
    });

    it.each<[string, Record<string, unknown>]>([
      ['KAFKA_SASL_PASSWORD', { KAFKA_SASL_PASSWORD: undefined }],
      ['KAFKA_SASL_USERNAME', { KAFKA_SASL_USERNAME: undefined }],
      ['KAFKA_SASL_MECHANISM', { KAFKA_SASL_MECHANISM: undefined }],
      ['KAFKA_SASL_MECHANISM', { KAFKA_SASL_MECHANISM: 'GSSAPI' }],
      ['KAFKA_SECURITY_PROTOCOL', { KAFKA_SECURITY_PROTOCOL: 'SASL_TLS' }],
      ['KAFKA_SASL_PASSWORD', { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_SASL_USERNAME: undefined }],
      ['KAFKA_SASL_USERNAME', { KAFKA_SECURITY_PROTOCOL: undefined, KAFKA_SASL_PASSWORD: undefined }],
      ['KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM', { KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: 'http' }],
      ['KAFKA_CA_FILE', { KAFKA_CA_FILE: `/nowhere/${SECRET}` }],
      ['KAFKA_CA_FILE', { KAFKA_CA_FILE: 'package.json' }],
      ['KAFKA_REQUEST_TIMEOUT_MS', { KAFKA_REQUEST_TIMEOUT_MS: '20s' }],
      ['KAFKA_RETRY_BACKOFF_MS', { KAFKA_RETRY_BACKOFF_MS: '0' }],
    ])('refuses an inconsistent %s: %j', (name, change) => {
      expect(configProblems({ ...safe, ...change })).toMatch(new RegExp(`^${name}: [^\\n]+$`));
      expect(configProblems({ ...safe, ...change })).not.toContain(SECRET);
    });

    it('refuses a certificate authority without TLS, which would be insecure without notice', async () => {
      const folder = await temporaryFolder();
      const KAFKA_CA_FILE = path.join(folder.path, 'ca.pem');
      await writeFile(KAFKA_CA_FILE, createAuthority('ca').certificate);
      const settings = { MONGODB_URI, KAFKA_BOOTSTRAP_SERVERS, KAFKA_CA_FILE };

      expect(parseConfig({ ...safe, KAFKA_CA_FILE }).KAFKA_CA_FILE).toBe(KAFKA_CA_FILE);
      expect(configProblems(settings)).toMatch(/^KAFKA_CA_FILE: [^\n]+$/);
      await folder.remove();
    });
  });
});
