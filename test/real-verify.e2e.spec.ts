import { randomInt } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { startServers, stopServers } from '../scripts/servers.mjs';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { Databases } from './support/databases.js';
import { expectOrdersHears, expectOutboxDrains } from './support/guarantees.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { readKafka, TOPICS } from './support/read-log.js';
import { runCommand } from './support/run-command.js';
import { serve } from './support/run-process.js';

const COPY = { name: 'verify-copy', only: 'kafka' } as const;
const PARTITIONS = 6;

describeWithOwnServers('a verification on Kafka and MongoDB', 'verify', (servers) => {
  let databases: Databases;

  beforeAll(async () => {
    const running = await serve(settings()).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(300);
    await load.stop();
    await expectOrdersHears(load, running.url);
    await expectOutboxDrains(running.managementUrl);
    await running.kill('SIGTERM');
  }, 120_000);

  beforeEach(async () => {
    databases = await Databases.open(servers.mongodb);
  });

  afterEach(() => databases.close());

  const settings = (kafka = servers.kafka) => ({ KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: servers.mongodb });
  /** Nothing runs beside it, so nothing lags. */
  const verify = (module: string, ...flags: string[]) =>
    runCommand(settings(), 'verify', '--module', module, '--max-lag', '0', ...flags);

  it.each([
    ['accounts', 'customer.accounts', { 'state.name.firstName': 'Eve' }, '/state/name/firstName'],
    ['accounts', 'customer.history', { changed: [] }, '/changed/'],
    ['orders', 'customer.orders', { 'state.total.amount': '0.01' }, '/state/total/amount'],
    ['orders', 'order.history', { hash: 'f'.repeat(64) }, '/hash'],
    ['orders', 'customers', { 'state.contact.email': 'eve@example.com' }, '/state/contact/email'],
  ] as const)('names a document of %s, %s that was changed, and repairs it', async (module, name, change, field) => {
    const before = await databases.snapshot();
    const collection = databases.collection(module, name);
    const document = (await collection.findOneAndUpdate({}, { $set: change }))!;

    const { code, stdout } = await verify(module);

    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining(`${name} ${document._id}: differs from the log at ${field}`),
    });
    expect(stdout).toContain('database: 1 document different from the log');
    expect(stdout).not.toContain('Eve');
    expect(await verify(module, '--repair')).toMatchObject({ code: 0 });
    expect(await verify(module)).toMatchObject({ code: 0 });
    expect(await databases.snapshot()).toEqual(before);
  });

  it('names what is missing and what is not in the log: the first twenty, and how many', async () => {
    const before = await databases.snapshot();
    const history = databases.collection('accounts', 'customer.history');
    const missing = await history.find().sort({ _id: 1 }).limit(30).toArray();
    await history.deleteMany({ _id: { $in: missing.map(({ _id }) => _id) } });
    await databases.collection('accounts', 'customer.accounts').insertOne({ _id: 'nobody', version: 1, state: {} });

    const { code, stdout } = await verify('accounts');

    expect(code).toBe(1);
    expect(stdout).toContain('accounts.customer.change nobody: ahead of the log');
    expect(stdout).toContain(`customer.history ${missing[0]?._id}: is missing`);
    expect(stdout.split('\n').filter((line) => line.endsWith('is missing'))).toHaveLength(20);
    expect(stdout).toContain('database: 30 documents different from the log');
    expect(stdout).toContain('database: 1 aggregate ahead of the log or forked');
    expect(await verify('accounts', '--repair')).toMatchObject({ code: 1 });
    expect(await databases.collection('accounts', 'customer.accounts').findOne({ _id: 'nobody' })).not.toBeNull();
    expect(await verify('accounts', '--repair', '--force')).toMatchObject({ code: 0 });
    expect(await databases.snapshot()).toEqual(before);
  });

  it.each([
    ['accounts', 'customer.accounts', 'accounts.customer.change'],
    ['accounts', 'customer.history', 'customer.history'],
    ['orders', 'customers', 'customers'],
  ] as const)(
    'takes back nothing of %s, %s that is ahead of the log, unless it is told to',
    async (module, name, as) => {
      const before = await databases.snapshot();
      const collection = databases.collection(module, name);
      const document = (await collection.findOne({}, { sort: { version: -1 } }))!;
      const ahead = {
        ...document,
        version: Number(document.version) + 1,
        ...('hash' in document && { hash: 'f'.repeat(64) }),
      };
      const key = name === 'customer.history' ? `${document._id}9` : document._id;
      await collection.replaceOne({ _id: key }, { ...ahead, _id: key }, { upsert: true });
      const seen = await databases.snapshot();

      const { code, stdout } = await verify(module, '--repair');

      expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(`${as} ${key}`) });
      expect(stdout).toContain('ahead of the log');
      expect(await databases.snapshot()).toEqual(seen);
      expect(await verify(module, '--repair', '--force')).toMatchObject({ code: 0 });
      expect(await databases.snapshot()).toEqual(before);
    },
  );

  it('names the record of a copied log of which one byte is another', async () => {
    const { kafka } = await startServers(COPY);
    try {
      const records = await readKafka(servers.kafka);
      const changed = records.filter(({ topic }) => topic === TOPICS[0])[randomInt(50)]!;
      await copyLog(kafka, records, (record) => (record === changed ? withAnotherByte(record) : record));

      const { code, stdout } = await runCommand(settings(kafka), 'verify', '--module', 'accounts');

      const { topic, partition, offset, value } = changed;
      const { subject } = JSON.parse(String(value)) as { subject: string };
      const named = [`${topic}/${partition}/${offset}`, subject].filter((name) => stdout.includes(name));
      expect({ code, stdout, named: named.length > 0 }).toEqual({ code: 1, stdout, named: true });
    } finally {
      await stopServers({ ...COPY, signal: 'SIGKILL' });
    }
  }, 120_000);

  it('says so when the log cannot be reached', async () => {
    const away = await runCommand(settings('127.0.0.1:1'), 'verify', '--module', 'accounts');
    expect(away).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^[^\n]+\n$/) });
  });

  afterAll(() => stopServers({ name: COPY.name, wipe: true, signal: 'SIGKILL' }));
});

/** Changes one bit of one byte of the value. */
function withAnotherByte(record: LoggedRecord): LoggedRecord {
  const value = Buffer.from(record.value!);
  const at = randomInt(value.length);
  value[at] = value[at]! ^ (1 << randomInt(7));
  return { ...record, value };
}

/** Every record at the place where it was. */
async function copyLog(
  brokers: string,
  records: readonly LoggedRecord[],
  as: (record: LoggedRecord) => LoggedRecord,
): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  const retention = [
    { name: 'retention.ms', value: '-1' },
    { name: 'retention.bytes', value: '-1' },
  ];
  await admin.createTopics({
    topics: TOPICS.map((topic) => ({ topic, numPartitions: PARTITIONS, configEntries: retention })),
  });
  for (const topic of TOPICS) {
    const messages = records
      .filter((record) => record.topic === topic)
      .map(as)
      .map(({ key, value, partition, headers }) => ({
        key,
        value,
        partition,
        headers: headers as Record<string, string>,
      }));
    await producer.send({ topic, messages });
  }
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}
