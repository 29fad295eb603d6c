import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { KafkaBus } from '../src/platform/kafka/bus.js';
import type { Bus, BusRecord, LoggedRecord } from '../src/platform/log/bus.js';
import { settingsOf } from '../src/platform/log/topics.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import { Databases } from './support/databases.js';
import { describeWithOwnServers } from './support/own-servers.js';
import {
  attestationOf,
  erase,
  expectForgotten,
  expectRemembered,
  NEWEST,
  newPerson,
  type Person,
  type Urls,
} from './support/persons.js';
import { readTopics } from './support/read-log.js';
import { runCommand } from './support/run-command.js';
import { serve } from './support/run-process.js';
import { filesIn, type Place, tracesOf } from './support/traces.js';
import { expectVerified } from './support/verified.js';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;
const CUSTOMERS = 'accounts.customer.change';
const KEYS = 'accounts.customer.keys';
/** For a run by hand with more of them. */
const PERSONS = Number(process.env.FORGETTING_PERSONS ?? 40);

describeWithOwnServers('an erasure on Kafka and MongoDB', 'e2e-forgetting', (servers) => {
  let admin: Admin;
  let databases: Databases;
  let bus: Bus;

  beforeAll(async () => {
    admin = new Kafka({ brokers: [servers.kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    databases = await Databases.open(servers.mongodb);
    const client = { clientId: 'test', brokers: [servers.kafka] };
    bus = await KafkaBus.open({ client, compression: 'none', partitions: 6, sessionTimeout: 6_000 }, silentLogger);
  });

  afterAll(async () => {
    await Promise.all([admin.disconnect(), databases.close(), bus.close()]);
  });

  /** Uncompressed: segment files are searched. */
  const settings = () => ({
    ...{ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' },
    ...{ KAFKA_COMPRESSION: 'none', LOG_LEVEL: 'trace' },
  });
  const run = (...args: string[]) => runCommand({ ...settings(), LOG_LEVEL: 'info' }, ...args);

  async function records(): Promise<LoggedRecord[]> {
    return readTopics(
      bus,
      (await admin.listTopics()).filter((topic) => !topic.startsWith('__')),
    );
  }

  /** Everything that the servers hold: the records, Kafka's files as they are on disk, the documents. */
  async function places(): Promise<Place[]> {
    const inLog = (await records()).map(
      ({ topic, partition, offset, key, value, headers }) =>
        [`${topic}/${partition}/${offset}`, `${String(key)} ${String(value)} ${JSON.stringify(headers)}`] as const,
    );
    const documents = await Promise.all(
      (['accounts', 'orders'] as const).map(
        async (database) => [database, JSON.stringify([...(await databases.backup(database))])] as const,
      ),
    );
    return [...inLog, ...segments(), ...documents];
  }

  function segments(): Place[] {
    return filesIn(join(servers.folder, 'kafka', 'data', 'logs')).filter(([path]) => path.endsWith('.log'));
  }

  /** Sends a record of the person to the dead letters of both contexts: one that lost its last byte. */
  async function deadLetter({ id }: Person): Promise<void> {
    const [record] = (await readTopics(bus, [CUSTOMERS])).filter(({ key }) => String(key) === id) as [LoggedRecord];
    await bus.publish(CUSTOMERS, [{ ...record, value: (record.value as Buffer).subarray(0, -1) }]);
    await eventually(async () => {
      for (const group of ['accounts', 'orders']) {
        const letters = await readTopics(bus, [`${CUSTOMERS}.${group}.dlt`]);
        expect(letters.map(({ key }) => String(key))).toContain(id);
      }
    });
  }

  /** Makes Kafka compact the topic of keys now, which it does within a day. */
  async function compactKeys(): Promise<void> {
    const configEntries = Object.entries({
      ...settingsOf(KEYS),
      ...{ 'segment.ms': '100', 'max.compaction.lag.ms': '100', 'min.cleanable.dirty.ratio': '0.001' },
    }).map(([name, value]) => ({ name, value }));

    const resources = [{ type: ConfigResourceTypes.TOPIC, name: KEYS, configEntries }];
    await admin.alterConfigs({ validateOnly: false, resources });
  }

  it(
    'leaves no byte of the person in the log, the databases and the outputs, and everything else as it was',
    async () => {
      const start = () =>
        Promise.all([serve(settings(), 'accounts').ready(), serve(settings(), 'orders').ready()] as const);
      const [accounts, orders] = await start();
      const urls = { accounts: accounts.url, orders: orders.url };
      const gone = await newPerson(urls);
      const others = await manyPersons(urls, PERSONS - 1);
      const stays = others[0] as Person;
      await deadLetter(gone);
      const stored = await databases.collection('accounts', 'customer.accounts').findOne({ _id: gone.id });
      const key = { key: String(stored?.key.wrapped) };
      await eventually(() => expectVerified(settings(), { unreadable: 1 }), { within: 60_000 });
      const before = await places();
      // What is searched for can be found at all.
      expect(tracesOf(gone.texts, before)).toEqual(
        expect.arrayContaining(Object.keys(gone.texts).map((name) => expect.stringContaining(name))),
      );
      expect(tracesOf(key, before)).toEqual(expect.arrayContaining([expect.stringContaining(KEYS)]));

      await erase(urls, gone);

      const { destroyedKey, remaining } = await attestationOf(urls, gone);
      expect(destroyedKey).toBe(stored?.key.kid);
      expect(remaining.map(({ what }) => what)).not.toContainEqual(expect.stringContaining('clear text in'));
      await expectForgotten(urls, gone);
      await expectRemembered(urls, stays);
      await compactKeys();
      await eventually(
        async () => {
          // Kafka never compacts the newest segment of a partition, and begins a new one with the next record.
          await bus.publish(KEYS, Array.from({ length: 40 }, tombstone));
          expect(tracesOf(key, segments())).toEqual([]);
        },
        { within: 60_000, every: 500 },
      );
      expect(tracesOf({ ...gone.texts, ...key }, await places())).toEqual([]);
      await eventually(() => expectVerified(settings(), { unreadable: 1 }), { within: 60_000 });

      for (const module of ['accounts', 'orders']) {
        expect(await run('replay', '--module', module, '--dry-run')).toMatchObject({ code: 0 });
        expect(await run('replay', '--module', module)).toMatchObject({ code: 0 });
      }
      await eventually(() => expectVerified(settings(), { unreadable: 1 }), { within: 60_000 });
      await expectForgotten(urls, gone);
      await expectRemembered(urls, stays);
      expect((await run('events', 'get', stays.id, '--module', 'accounts')).stdout).toContain(stays.texts['last name']);
      const left = await run('events', 'get', gone.id, '--module', 'accounts');
      expect(left.stdout.match(/"forgotten":true/g)).toHaveLength(NEWEST);
      const attested = await run('erasures', 'show', gone.id, '--module', 'accounts');
      expect(attested).toMatchObject({ code: 0, stdout: expect.stringContaining(String(destroyedKey)) });
      const outputs = [accounts, orders].map((process, index): Place => [`output ${index}`, process.output]);
      expect(tracesOf({ ...gone.texts, ...key }, [...outputs, ...(await places())])).toEqual([]);
    },
    Math.max(120_000, PERSONS * 150),
  );
});

async function manyPersons(urls: Urls, count: number): Promise<Person[]> {
  const persons: Person[] = [];
  const next = async () => {
    while (persons.length < count) persons.push(await newPerson(urls));
  };
  await Promise.all(Array.from({ length: 8 }, next));
  return persons;
}

/** The end of a key that never was. */
function tombstone(): BusRecord {
  return { key: Buffer.from(randomUUID()), value: null, headers: {} };
}
