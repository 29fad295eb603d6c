import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BusRecord, LoggedRecord } from '../src/platform/log/bus.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { Databases } from './support/databases.js';
import { LogAccess } from './support/log-access.js';
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
import { runCommand } from './support/run-command.js';
import { serve } from './support/run-process.js';
import { filesIn, type Place, tracesOf } from './support/traces.js';
import { expectVerified } from './support/verified.js';

const CUSTOMERS = 'accounts.customer.change';
const KEYS = 'accounts.customer.keys';
/** For a run by hand with more of them. */
const PERSONS = Number(process.env.FORGETTING_PERSONS ?? 20);
const PATIENCE_MS = 60_000 + 20 * PERSONS;

describeWithOwnServers('an erasure on Kafka and MongoDB', 'e2e-forgetting', (servers) => {
  let log: LogAccess;
  let databases: Databases;

  beforeAll(async () => {
    log = await LogAccess.open(servers.kafka);
    databases = await Databases.open(servers.mongodb);
  });

  afterAll(async () => {
    await Promise.all([log.close(), databases.close()]);
  });

  /** Uncompressed: segment files are searched. */
  const settings = () => ({
    ...{ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' },
    ...{ KAFKA_COMPRESSION: 'none', LOG_LEVEL: 'trace' },
  });
  const run = (...args: string[]) => runCommand({ ...settings(), LOG_LEVEL: 'info' }, ...args);

  /** Everything that the servers hold: the records, Kafka's files as they are on disk, the documents. */
  async function places(): Promise<Place[]> {
    const inLog = (await log.read(...(await log.topics()))).map(
      ({ topic, partition, offset, key, value, headers }) =>
        [`${topic}/${partition}/${offset}`, `${String(key)} ${String(value)} ${JSON.stringify(headers)}`] as const,
    );
    return [...inLog, ...segments(), ...(await databases.dump())];
  }

  function segments(): Place[] {
    return filesIn(join(servers.folder, 'kafka', 'data', 'logs')).filter(([path]) => path.endsWith('.log'));
  }

  /** Sends a record of the person to the dead letters of both contexts: one that lost its last byte. */
  async function deadLetter({ id }: Person): Promise<void> {
    const [record] = (await log.readOf(CUSTOMERS, id)) as [LoggedRecord];
    await log.publish(CUSTOMERS, { ...record, value: (record.value as Buffer).subarray(0, -1) });
    await eventually(async () => {
      for (const group of ['accounts', 'orders']) {
        expect(await log.readOf(`${CUSTOMERS}.${group}.dlt`, id)).toHaveLength(1);
      }
    });
  }

  /** Has Kafka compact the topic of keys now, which it does within a day. */
  async function compactKeys(): Promise<void> {
    await log.cleanOften();
    await log.set(KEYS, {
      ...{ 'segment.ms': '100', 'max.compaction.lag.ms': '100', 'min.cleanable.dirty.ratio': '0.001' },
    });
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
      await eventually(() => expectVerified(settings(), { unreadable: 1 }), { within: PATIENCE_MS });
      for (const module of ['accounts', 'orders']) {
        const copied = await run('topics', 'copy', '--partitions', '9', '--module', module);
        expect(copied).toMatchObject({ code: 0, stderr: '' });
      }
      const before = await places();
      for (const generation of [CUSTOMERS, `${CUSTOMERS}.g2`]) {
        const found = tracesOf({ id: gone.id }, before).filter((each) => each.includes(`/${generation}-`));
        expect({ generation, found }).toEqual({ generation, found: [expect.any(String)] });
      }
      // What is searched for can be found at all.
      expect(tracesOf(gone.texts, before)).toEqual(
        expect.arrayContaining(Object.keys(gone.texts).map((name) => expect.stringContaining(name))),
      );
      const collections = ['accounts.customer.accounts', 'accounts.customer.history', 'orders.customers'];
      const isIn = (collection: string) => tracesOf(gone.texts, before).includes(`last name in ${collection}`);
      // The history has it sealed.
      expect(collections.map(isIn)).toEqual([true, false, true]);
      expect(tracesOf(key, before)).toEqual(
        expect.arrayContaining([
          ...[expect.stringContaining(KEYS), 'key in accounts.customer.accounts', 'key in orders.customer.keys'],
        ]),
      );

      await erase(urls, gone);

      const { destroyedKey, remaining } = await attestationOf(urls, gone);
      expect(destroyedKey).toBe(stored?.key.kid);
      const left = remaining.map(({ what }) => what);
      expect(left).not.toContainEqual(expect.stringContaining('clear text in'));
      expect(left).toContainEqual(expect.stringContaining("MongoDB's oplog"));
      await expectForgotten(urls, gone);
      await expectRemembered(urls, stays);
      await compactKeys();
      await eventually(
        async () => {
          // Kafka never compacts the newest segment of a partition, and begins a new one with the next record.
          await log.publish(KEYS, ...Array.from({ length: 40 }, tombstone));
          expect(tracesOf(key, segments())).toEqual([]);
        },
        { within: PATIENCE_MS, every: 500 },
      );
      expect(tracesOf({ ...gone.texts, ...key }, await places())).toEqual([]);
      await eventually(() => expectVerified(settings(), { unreadable: 1 }), { within: PATIENCE_MS });

      for (const module of ['accounts', 'orders']) {
        expect(await run('replay', '--module', module, '--dry-run')).toMatchObject({ code: 0 });
        expect(await run('replay', '--module', module)).toMatchObject({ code: 0 });
      }
      await eventually(() => expectVerified(settings(), { unreadable: 1 }), { within: PATIENCE_MS });
      await expectForgotten(urls, gone);
      await expectRemembered(urls, stays);
      expect((await run('events', 'get', stays.id, '--module', 'accounts')).stdout).toContain(stays.texts['last name']);
      const events = await run('events', 'get', gone.id, '--module', 'accounts');
      expect(events.stdout.match(/"forgotten":true/g)).toHaveLength(NEWEST);
      const attested = await run('erasures', 'show', gone.id, '--module', 'accounts');
      expect(attested).toMatchObject({ code: 0, stdout: expect.stringContaining(String(destroyedKey)) });
      const outputs = [accounts, orders].map((process, index): Place => [`output ${index}`, process.output]);
      expect(tracesOf({ ...gone.texts, ...key }, [...outputs, ...(await places())])).toEqual([]);
    },
    Math.max(300_000, PERSONS * 300),
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
