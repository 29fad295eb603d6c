import { describe, expect, it } from '@jest/globals';
import { ConfigFolder, SECRET } from '../../testing/config-folder.js';
import { nativeZstd } from '../../tools/zstd.js';
import { compression, recordClient, runsPlatformatic } from './kafka-settings.js';

const MONGODB_URI = 'mongodb://a';
const folder = new ConfigFolder();
const { write, load, linesOf } = folder;

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

describe('KAFKA_CLIENT', () => {
  const environment = { KAFKA_BOOTSTRAP_SERVERS: 'a:1', MONGODB_URI: 'mongodb://a' };

  it('is kafkajs, or platformatic where Node.js can run it', () => {
    expect(load(environment).config.KAFKA_CLIENT).toBe('kafkajs');
    expect(recordClient('24.6.0').safeParse(' Platformatic ').data).toBe('platformatic');
    expect(linesOf({ ...environment, KAFKA_CLIENT: 'librdkafka' })).toEqual([
      'KAFKA_CLIENT: must be kafkajs or platformatic',
    ]);
  });

  it('is refused as platformatic on a Node.js that cannot run it, with the versions that can', () => {
    const refusal = `platformatic needs Node.js 22.22 or 24.6 or later, and this is 20.19.0: upgrade Node.js, or set kafkajs`;
    const messages = recordClient('20.19.0')
      .safeParse('platformatic')
      .error?.issues.map(({ message }) => message);
    expect(messages).toEqual([refusal]);
    expect(recordClient('20.19.0').safeParse('kafkajs').data).toBe('kafkajs');
    const asked = { ...environment, KAFKA_CLIENT: 'platformatic' };
    if (runsPlatformatic(process.versions.node)) expect(load(asked).config.KAFKA_CLIENT).toBe('platformatic');
    else expect(linesOf(asked)).toEqual([expect.stringMatching(/^KAFKA_CLIENT: platformatic needs Node.js 22.22/)]);
  });

  it.each([
    ['20.20.2', false],
    ['22.21.1', false],
    ['22.22.0', true],
    ['23.11.1', false],
    ['24.5.0', false],
    ['24.6.0', true],
    ['25.0.0', true],
  ])('as platformatic on Node.js %s: %s', (version, runs) => {
    expect(runsPlatformatic(version)).toBe(runs);
  });
});

describe('KAFKA_COMPRESSION', () => {
  const environment = { KAFKA_BOOTSTRAP_SERVERS: 'a:1', MONGODB_URI: 'mongodb://a' };
  const compressionOf = (others: NodeJS.ProcessEnv) => load({ ...environment, ...others }).config.KAFKA_COMPRESSION;

  it('is zstd where Node.js has it, and gzip otherwise', () => {
    expect(compressionOf({})).toBe(nativeZstd ? 'zstd' : 'gzip');
  });

  it('can be gzip or none', () => {
    expect(compressionOf({ KAFKA_COMPRESSION: 'gzip' })).toBe('gzip');
    expect(compressionOf({ KAFKA_COMPRESSION: ' None ' })).toBe('none');
    expect(linesOf({ ...environment, KAFKA_COMPRESSION: 'snappy' })).toEqual([
      'KAFKA_COMPRESSION: must be zstd, gzip or none',
    ]);
  });

  it('is refused as zstd on a Node.js without it, with what to do', () => {
    const refusal = 'zstd needs Node.js 22.15 or later: upgrade Node.js, or set gzip or none';
    expect(compression(true).safeParse('zstd').data).toBe('zstd');
    expect(
      compression(false)
        .safeParse('zstd')
        .error?.issues.map(({ message }) => message),
    ).toEqual([refusal]);
    const zstd = { ...environment, KAFKA_COMPRESSION: 'zstd' };
    if (nativeZstd) expect(compressionOf(zstd)).toBe('zstd');
    else expect(linesOf(zstd)).toEqual([`KAFKA_COMPRESSION: ${refusal}`]);
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
