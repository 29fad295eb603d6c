import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder } from '../../../test/support/temporary-folder.js';
import { ConfigError, loadConfig, parseConfig } from './config.js';

const SECRET = 's3cr3t';

function messageOf(settings: Record<string, unknown>): string {
  try {
    parseConfig(settings);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('these settings are right');
}

describe('the configuration', () => {
  it('has a default for all that is needed, and no backends', () => {
    expect(parseConfig({})).toEqual(
      expect.objectContaining({ HOST: '127.0.0.1', PORT: 8080, MANAGEMENT_PORT: 8081, LOG_LEVEL: 'info' }),
    );
    expect(parseConfig({}).MONGODB_URI).toBeUndefined();
    expect(parseConfig({}).KAFKA_BOOTSTRAP_SERVERS).toBeUndefined();
  });

  it('takes numbers as the texts that the environment has', () => {
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
  ])('takes a size with its unit: %j is %j bytes', (HTTP_BODY_LIMIT, bytes) => {
    expect(parseConfig({ HTTP_BODY_LIMIT }).HTTP_BODY_LIMIT).toBe(bytes);
  });

  it.each([
    ['mongodb://user:pw@a:1,b:2/?replicaSet=rs0', 'a:9092'],
    ['mongodb+srv://cluster.example', 'a.example:9092, b.example:9092'],
  ])('takes both backends: %s and %s', (MONGODB_URI, KAFKA_BOOTSTRAP_SERVERS) => {
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
    ['JWT_ISSUER', ' '],
  ])('refuses a bad %s in one line that names it, and never its value (%j)', (name, value) => {
    const message = messageOf({ [name]: value });

    expect(message).toMatch(new RegExp(`^${name}: [^\\n]+$`));
    expect(message).not.toContain(SECRET);
  });

  it('refuses one backend without the other, and names the one that is missing', () => {
    expect(messageOf({ MONGODB_URI: `mongodb://${SECRET}` })).toMatch(/^KAFKA_BOOTSTRAP_SERVERS: [^\n]+$/);
    expect(messageOf({ KAFKA_BOOTSTRAP_SERVERS: `${SECRET}:1` })).toMatch(/^MONGODB_URI: [^\n]+$/);
    expect(messageOf({ MONGODB_URI: `mongodb://${SECRET}` })).not.toContain(SECRET);
  });

  describe('of who may call', () => {
    const JWT = {
      AUTH_MODE: 'jwt',
      JWT_JWKS_URL: 'https://issuer.example/jwks',
      JWT_ISSUER: 'https://issuer.example/',
      JWT_AUDIENCE: 'accounts-orders',
    };
    const without = (name: keyof typeof JWT) => ({ ...JWT, [name]: undefined });

    it('lets everybody in unless it is told otherwise, but then on a loopback address', () => {
      for (const HOST of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) {
        expect(parseConfig({ HOST }).AUTH_MODE).toBe('none');
      }
      for (const HOST of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example']) {
        expect(messageOf({ HOST })).toMatch(/^AUTH_MODE: is none[^\n]*AUTH_ALLOW_NONE=true[^\n]*$/);
        expect(parseConfig({ HOST, AUTH_ALLOW_NONE: 'true' })).toMatchObject({ HOST, AUTH_MODE: 'none' });
        expect(parseConfig({ HOST, AUTH_ALLOW_NONE: true })).toMatchObject({ HOST, AUTH_MODE: 'none' });
        expect(messageOf({ HOST, AUTH_ALLOW_NONE: 'false' })).toMatch(/^AUTH_MODE: /);
        expect(parseConfig({ HOST, ...JWT })).toMatchObject(JWT);
      }
    });

    it('takes tokens by one source of keys', () => {
      expect(parseConfig(JWT)).toMatchObject(JWT);
      const file = { ...without('JWT_JWKS_URL'), JWT_PUBLIC_KEY_FILE: '/keys/issuer.pem' };
      expect(parseConfig(file)).toMatchObject({ JWT_PUBLIC_KEY_FILE: '/keys/issuer.pem' });
      expect(messageOf({ ...file, ...JWT })).toMatch(/^JWT_PUBLIC_KEY_FILE: [^\n]*JWT_JWKS_URL/);
      expect(messageOf(without('JWT_JWKS_URL'))).toMatch(/^JWT_JWKS_URL: [^\n]*JWT_PUBLIC_KEY_FILE/);
    });

    it.each(['JWT_ISSUER', 'JWT_AUDIENCE'] as const)('takes no token without %s', (name) => {
      expect(messageOf(without(name))).toMatch(new RegExp(`^${name}: is not set`));
    });

    it.each(['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const)(
      'is refused where %s is set, and everybody would be let in',
      (name) => {
        expect(messageOf({ [name]: JWT[name] })).toMatch(new RegExp(`^${name}: is set, but AUTH_MODE is none`));
      },
    );
  });

  it('refuses a setting that there is not, by its name', () => {
    expect(messageOf({ PROT: SECRET })).toMatch(/^PROT: [^\n]+$/);
    expect(messageOf({ PROT: SECRET })).not.toContain(SECRET);
  });

  describe('from files and the environment', () => {
    let folder: TemporaryFolder;

    beforeEach(async () => {
      folder = await temporaryFolder();
    });

    afterEach(() => folder.remove());

    const write = (name: string, content: string) => writeFile(path.join(folder.path, name), content);

    it('takes the environment over the file of NODE_ENV over the default file', async () => {
      await write('default.json', JSON.stringify({ LOG_LEVEL: 'info', PORT: 1, DATA_DIR: 'd' }));
      await write('production.json', JSON.stringify({ LOG_LEVEL: 'warn', PORT: 2 }));
      const environment = { NODE_ENV: 'production', PORT: '3' };

      expect(loadConfig(environment, folder.path)).toMatchObject({ LOG_LEVEL: 'warn', PORT: 3, DATA_DIR: 'd' });
      expect(loadConfig({}, folder.path)).toMatchObject({ LOG_LEVEL: 'info', PORT: 1 });
    });

    it('needs no file, and leaves alone what else the environment has', async () => {
      await mkdir(path.join(folder.path, 'empty'));

      expect(loadConfig({ PATH: '/bin', PORT: '3' }, path.join(folder.path, 'empty'))).toMatchObject({ PORT: 3 });
    });

    it('takes an empty variable for none', () => {
      expect(loadConfig({ PORT: '', MONGODB_URI: '' }, folder.path)).toMatchObject({ PORT: 8080 });
    });

    it('refuses a file that is not JSON in one line that names it, and quotes nothing of it', async () => {
      await write('default.json', `{"MONGODB_URI": "mongodb://${SECRET}`);
      const load = () => loadConfig({}, folder.path);

      expect(load).toThrow(ConfigError);
      expect(load).toThrow(/default\.json[^\n]*$/);
      expect(load).not.toThrow(SECRET);
    });

    it('refuses a bad variable by its name', () => {
      expect(() => loadConfig({ PORT: SECRET }, folder.path)).toThrow(/^PORT: [^\n]+$/);
    });
  });
});
