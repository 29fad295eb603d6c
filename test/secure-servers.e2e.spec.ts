import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createAuthority } from '../scripts/servers/certificates.mjs';
import { freePort } from '../scripts/servers/ports.mjs';
import { SCRAM } from '../scripts/servers/security.mjs';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { KafkaBus } from '../src/platform/kafka/bus.js';
import { kafkaClient } from '../src/platform/kafka/client.js';
import { openMongoDatabase } from '../src/platform/mongodb/database.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { describeWithEachClient } from '../src/platform/testing/record-clients.js';
import { record, Recorder } from '../src/platform/testing/recorder.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import { get, post } from './support/http.js';
import { describeWithSecureServers } from './support/own-servers.js';
import { runCommand } from './support/run-command.js';
import { customerInput } from './support/requests.js';
import { RunningProcess, serve } from './support/run-process.js';
import {
  expectNoSecret,
  fromFolder,
  fromPropertiesFile,
  portOf,
  withoutFile,
  WRONG,
} from './support/secure-settings.js';
import { type TlsFront, tlsFront } from './support/tls-front.js';

const DAY = 86_400_000;
const REFUSED =
  'Kafka rejects KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD (sasl.username and sasl.password, or sasl.jaas.config)';

describeWithSecureServers('servers that want TLS and a password', 'e2e-secure', (servers) => {
  const authority = createAuthority('Another authority');
  let ca: string;
  let fronts: Record<'valid' | 'expired', Record<'kafka' | 'mongodb', TlsFront>>;

  beforeAll(async () => {
    ca = join(servers.secured.ca, '..', 'other-ca.pem');
    // Behind a front Kafka hands out its own address, and so shows its own certificate, too.
    writeFileSync(ca, authority.certificate + readFileSync(servers.secured.ca, 'utf8'));
    const expired = { from: new Date(Date.now() - 3 * DAY), until: new Date(Date.now() - DAY) };
    const before = async (validity?: { from: Date; until: Date }) => ({
      kafka: await tlsFront(authority.issue('localhost', validity), { port: portOf(servers.kafka), ca }),
      mongodb: await tlsFront(authority.issue('localhost', validity), { port: portOf(servers.mongodb), ca }),
    });
    fronts = { valid: await before(), expired: await before(expired) };
  });

  afterAll(() => {
    for (const front of Object.values(fronts).flatMap((each) => Object.values(each))) front.close();
  });

  describe('Kafka', () => {
    const plain = () => ({
      KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'PLAIN',
      KAFKA_SASL_USERNAME: servers.secured.user,
      KAFKA_SASL_PASSWORD: servers.secured.password,
      KAFKA_CA_FILE: servers.secured.ca,
    });
    const byAddress = () => servers.kafka.replace('localhost', '127.0.0.1');

    it('is used with what is right', async () => {
      const scram = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: SCRAM.user };
      const front = { KAFKA_BOOTSTRAP_SERVERS: `localhost:${fronts.valid.kafka.port}`, KAFKA_CA_FILE: ca };
      const unchecked = { KAFKA_BOOTSTRAP_SERVERS: byAddress(), KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: '' };

      expect(
        await tried({
          PLAIN: plain(),
          SCRAM: { ...plain(), ...scram, KAFKA_SASL_PASSWORD: SCRAM.password },
          'another host name that is not to be checked': { ...plain(), ...unchecked },
          'another certificate that is valid': { ...plain(), ...front },
        }),
      ).toEqual({
        PLAIN: { up: true },
        SCRAM: { up: true },
        'another host name that is not to be checked': { up: true },
        'another certificate that is valid': { up: true },
      });
    });

    describeWithEachClient(
      'takes and gives records',
      (recordClient) => {
        const scram = {
          ...{ KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: SCRAM.user },
          KAFKA_SASL_PASSWORD: SCRAM.password,
        };
        it.each([
          ['with PLAIN', () => plain()],
          ['with SCRAM', () => ({ ...plain(), ...scram })],
          [
            'at an address that is not the name in its certificate',
            () => ({
              ...plain(),
              ...{ KAFKA_BOOTSTRAP_SERVERS: byAddress(), KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM: '' },
            }),
          ],
        ])('%s', async (_, settings) => {
          const config = parseConfig({ MONGODB_URI: 'mongodb://a', ...settings() });
          const bus = await KafkaBus.open(
            { client: kafkaClient(config), recordClient, partitions: 2, sessionTimeout: 6_000 },
            silentLogger,
          );
          try {
            const topic = `topic-${randomUUID()}`;
            const recorder = new Recorder();
            await bus.createTopics([topic]);
            await bus.publish(topic, [record('k', 'v')]);
            const consumer = await bus.consume(randomUUID(), new Map([[topic, recorder.handler()]]));
            await eventually(() => expect(recorder.values).toEqual(['v']));
            await consumer.stop();
          } finally {
            await bus.close();
          }
        });
      },
      describe,
    );

    it('says why it is not, with what is wrong', async () => {
      const front = { KAFKA_BOOTSTRAP_SERVERS: `localhost:${fronts.expired.kafka.port}`, KAFKA_CA_FILE: ca };
      const without = {
        KAFKA_SASL_MECHANISM: undefined,
        KAFKA_SASL_USERNAME: undefined,
        KAFKA_SASL_PASSWORD: undefined,
      };
      const where = '(KAFKA_BOOTSTRAP_SERVERS, KAFKA_CA_FILE)';
      const closed = 'Kafka closes connections; if this persists, check KAFKA_SECURITY_PROTOCOL (security.protocol)';

      expect(
        await tried({
          'wrong password': { ...plain(), KAFKA_SASL_PASSWORD: WRONG },
          'wrong SCRAM password': { ...plain(), KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_PASSWORD: WRONG },
          'mechanism that is not offered': { ...plain(), KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' },
          'unknown authority': { ...plain(), KAFKA_CA_FILE: undefined },
          'expired certificate': { ...plain(), ...front },
          'wrong host name': { ...plain(), KAFKA_BOOTSTRAP_SERVERS: byAddress() },
          'no such host': { ...plain(), KAFKA_BOOTSTRAP_SERVERS: 'nowhere.invalid:9092' },
          'no TLS': { KAFKA_BOOTSTRAP_SERVERS: servers.kafka },
          'no password': { ...plain(), ...without, KAFKA_SECURITY_PROTOCOL: 'SSL' },
        }),
      ).toEqual({
        'wrong password': { up: false, detail: REFUSED },
        'wrong SCRAM password': { up: false, detail: REFUSED },
        'mechanism that is not offered': {
          up: false,
          detail: 'Kafka does not support the SASL mechanism in KAFKA_SASL_MECHANISM (sasl.mechanism)',
        },
        'unknown authority': {
          up: false,
          detail: `Kafka shows a certificate of an authority that is not trusted here ${where}`,
        },
        'expired certificate': { up: false, detail: `Kafka shows a certificate that has expired ${where}` },
        'wrong host name': { up: false, detail: `Kafka shows a certificate of another host name ${where}` },
        'no such host': { up: false, detail: `Kafka has a host name that cannot be found ${where}` },
        'no TLS': { up: false, detail: closed },
        'no password': { up: false, detail: closed },
      });
    });

    /** How the bus is with each of these settings, of which publishing must say the same, and the log no secret. */
    async function tried(cases: Record<string, Record<string, string | undefined>>) {
      const outcomes = Object.entries(cases).map(async ([name, settings]) => {
        const lines: string[] = [];
        const config = parseConfig({ MONGODB_URI: 'mongodb://a', ...settings });
        const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
        const bus = await KafkaBus.open({ client: kafkaClient(config), partitions: 6, sessionTimeout: 6_000 }, logger);
        try {
          const health = await bus.check();
          if (!health.up && !health.detail?.startsWith('Kafka closes')) {
            await expect(bus.publish('topic', [])).rejects.toMatchObject({
              kind: 'unavailable',
              message: health.detail,
            });
          }
          expectNoSecret(servers, lines.join(''));
          return [name, health] as const;
        } finally {
          await bus.close();
        }
      });
      return Object.fromEntries(await Promise.all(outcomes));
    }
  });

  it('let MongoDB be used with what is right, and tell why it is not with what is wrong', async () => {
    const { mongodb: right, secured } = servers;
    const front = ({ port }: TlsFront) => {
      const options = `directConnection=true&tls=true&tlsCAFile=${encodeURIComponent(ca)}`;
      return right.replace(/@.*/, `@localhost:${port}/?${options}`);
    };
    const where = '(MONGODB_URI, and tlsCAFile in it)';
    const expectations: Record<string, [uri: string, detail?: string]> = {
      'all is right': [right],
      'another certificate that is valid': [front(fronts.valid.mongodb)],
      'wrong password': [
        right.replace(encodeURIComponent(secured.password), WRONG),
        'MongoDB rejects the user or the password in MONGODB_URI',
      ],
      'no user': [
        right.replace(/\/\/.*@/, '//'),
        'the user in MONGODB_URI is not authorized for MongoDB database accounts',
      ],
      'unknown authority': [
        right.replace(/&tlsCAFile=.*/, ''),
        `MongoDB shows a certificate of an authority that is not trusted here ${where}`,
      ],
      'expired certificate': [front(fronts.expired.mongodb), `MongoDB shows a certificate that has expired ${where}`],
      'wrong host name': [
        right.replace('@localhost', '@127.0.0.1').replace('replicaSet=rs0', 'directConnection=true'),
        `MongoDB shows a certificate of another host name ${where}`,
      ],
      'no TLS': [
        right.replace(/&tls=true.*/, ''),
        'MongoDB closes connections; if this persists, check tls in MONGODB_URI',
      ],
      'no such file': [right.replace(/ca\.pem/, 'none.pem'), 'a file named in MONGODB_URI (tlsCAFile) cannot be read'],
      'no SRV record': [
        `mongodb+srv://app:${WRONG}@nowhere.invalid/`,
        'DNS has no SRV record for the host in MONGODB_URI',
      ],
    };
    const outcomes = Object.entries(expectations).map(async ([name, [uri]]) => {
      const database = await openMongoDatabase({ uri, setting: 'MONGODB_URI' }, 'accounts');
      try {
        return [name, await database.check()] as const;
      } finally {
        await database.close();
      }
    });
    const expected = Object.entries(expectations).map(([name, [, detail]]) => [
      name,
      detail === undefined ? { up: true } : { up: false, detail },
    ]);

    expect(Object.fromEntries(await Promise.all(outcomes))).toEqual(Object.fromEntries(expected));
  });

  it('carry a customer from accounts to orders, two services that know them from files alone', async () => {
    const [accounts, orders] = [fromFolder(servers, 'ACCOUNTS'), fromPropertiesFile(servers, 'ORDERS')];
    const started = [serve(accounts, 'accounts').ready(), serve(orders, 'orders').ready()] as const;
    const [{ url: accountsUrl }, { url: ordersUrl }] = await Promise.all(started);
    const { status, body } = await post(`${accountsUrl}/accounts/customers`, customerInput('Carried'));
    expect(status).toBe(201);
    const copy = await get(`${ordersUrl}/orders/customers/${body.id}?minVersion=1`, { prefer: 'wait=10' });
    expect(copy.status).toBe(200);
    expect(copy.body.customer.name.lastName).toBe('Carried');
    for (const running of await Promise.all(started)) expectNoSecret(servers, running.output);
  });

  it('are told of by the command config, where each setting comes from, and no secret', async () => {
    const settings = fromFolder(servers, 'ACCOUNTS');
    const { code, stdout, stderr } = await runCommand(settings, 'config', '--module', 'accounts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(rows).toContainEqual([
      'KAFKA_SECURITY_PROTOCOL',
      'SASL_SSL',
      expect.stringMatching(/^security\.protocol in \//),
    ]);
    expect(rows).toContainEqual([
      'KAFKA_SASL_PASSWORD',
      '***',
      expect.stringMatching(/^KAFKA_SASL_PASSWORD_FILE \(\//),
    ]);
    expect(rows).toContainEqual(['KAFKA_CA_FILE', servers.secured.ca, 'environment']);
    expect(rows).toContainEqual([
      'ACCOUNTS_MONGODB_URI',
      expect.stringMatching(/^mongodb:\/\/\*\*\*@localhost:\d+\/\?replicaSet=rs0&tls=true&tlsCAFile=/),
      expect.stringMatching(/^ACCOUNTS_MONGODB_URI_FILE \(\//),
    ]);
    expect(rows.flat()).not.toContain('ORDERS_MONGODB_URI');
    expectNoSecret(servers, stdout);
  });

  it('that refuse the password keep a process from being ready, which goes on to try and says why', async () => {
    const settings = fromFolder(servers, 'ACCOUNTS');
    const running = await serve(
      { ...withoutFile(settings, 'KAFKA_SASL_PASSWORD'), KAFKA_SASL_PASSWORD: WRONG },
      'accounts',
    ).serving();
    await eventually(async () => {
      const { status, body } = await get(`${running.managementUrl}/health/ready`);
      expect({ status, kafka: body.dependencies.kafka }).toEqual({
        status: 503,
        kafka: { up: false, detail: REFUSED },
      });
      expect(running.logged('bus not available yet; retrying')[1]).toMatchObject({
        level: 'warn',
        err: { message: REFUSED },
      });
    });
    expect((await post(`${running.url}/accounts/customers`, customerInput('Early'))).status).toBe(201);
    expectNoSecret(servers, running.output);

    const MANAGEMENT_PORT = String(await freePort(undefined, []));
    const uri = servers.mongodb.replace(encodeURIComponent(servers.secured.password), WRONG);
    const shutOut = new RunningProcess(['serve', '--module', 'accounts'], {
      ...withoutFile(settings, 'ACCOUNTS_MONGODB_URI'),
      ...{ MANAGEMENT_PORT, ACCOUNTS_MONGODB_URI: uri },
    });
    const detail = 'MongoDB rejects the user or the password in ACCOUNTS_MONGODB_URI';
    await eventually(async () => {
      const { status, body } = await get(`http://127.0.0.1:${MANAGEMENT_PORT}/health/ready`);
      expect({ status, database: body.dependencies['mongodb:accounts'] }).toEqual({
        status: 503,
        database: { up: false, detail },
      });
      expect(shutOut.logged('database not available yet; retrying')[1]).toMatchObject({
        level: 'warn',
        err: { message: detail },
      });
    });
    expectNoSecret(servers, shutOut.output);
  });

  it.each([
    { args: ['topics', 'check'], wrong: 'KAFKA_SASL_PASSWORD', line: REFUSED },
    { args: ['replay'], wrong: 'KAFKA_SASL_PASSWORD', line: REFUSED },
    { args: ['verify'], wrong: 'KAFKA_SASL_PASSWORD', line: REFUSED },
    { args: ['dlt', 'list'], wrong: 'KAFKA_SASL_PASSWORD', line: `${REFUSED}; nothing was done` },
    {
      args: ['replay'],
      wrong: 'ORDERS_MONGODB_URI',
      line: 'MongoDB rejects the user or the password in ORDERS_MONGODB_URI',
    },
  ])('that refuse the password end $args with a line that names it', async ({ args, wrong, line }) => {
    const value = { KAFKA_SASL_PASSWORD: WRONG, ORDERS_MONGODB_URI: servers.mongodb.replace(/:p[^@]*@/, `:${WRONG}@`) }[
      wrong
    ];
    const settings = { ...withoutFile(fromFolder(servers, 'ORDERS'), wrong), [wrong]: String(value) };
    expect(await runCommand(settings, ...args, '--module', 'orders')).toEqual({
      code: 1,
      stdout: '',
      stderr: `${line}\n`,
    });
  });

  it('that are away when a process starts are found once they are there', async () => {
    await servers.stop('mongodb');
    const running = serve(fromFolder(servers, 'ACCOUNTS'), 'accounts');
    await eventually(() => expect(running.logged('database not available yet; retrying').length).toBeGreaterThan(1));
    await servers.start('mongodb');
    await running.ready();
  });
});
