import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { Databases, type Snapshot } from './support/databases.js';
import { eventually } from '../src/platform/testing/eventually.js';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { call } from './support/http.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { readKafka, TOPICS } from './support/read-log.js';
import { runCommand } from './support/run-command.js';
import { RunningProcess, serve } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const MODULES = ['accounts', 'orders'] as const;

describeWithOwnServers('republish from MongoDB to Kafka', 'republish', (servers) => {
  let databases: Databases;
  let admin: Admin;
  let load: Load;

  const settings = () => ({
    KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
    MONGODB_URI: servers.mongodb,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
  });
  const run = (command: string, module: string, ...flags: string[]) =>
    runCommand(settings(), command, '--module', module, ...flags);

  beforeAll(async () => {
    const running = await serve(settings()).ready();
    load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(400);
    await load.stop();
    expectGoodAnswers(load);
    await expectOrdersHears(load, running.url);
    await expectOutboxDrains(running.managementUrl);
    await running.kill('SIGTERM');
  }, 120_000);

  beforeEach(async () => {
    databases = await Databases.open(servers.mongodb);
    admin = new kafkajs.Kafka({ brokers: [servers.kafka], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    // Whatever a test before it has taken away.
    for (const module of MODULES) expect(await run('republish', module)).toMatchObject({ code: 0 });
  });

  afterEach(async () => {
    await databases.close();
    await admin.disconnect();
  });

  async function deleteTopics(topics: readonly string[] = TOPICS): Promise<void> {
    await admin.deleteTopics({ topics: [...topics] });
    await eventually(async () => {
      const left = (await admin.listTopics()).filter((topic) => topics.includes(topic));
      if (left.length > 0) throw new Error(`${left.join(', ')} is still there`);
    });
  }

  async function settled(): Promise<Snapshot> {
    const running = await serve(settings()).ready();
    await expectAcknowledgedIsKept(load, { accounts: running.url, orders: running.url });
    await expectOutboxDrains(running.managementUrl);
    await running.kill('SIGTERM');
    return databases.snapshot();
  }

  it('refuses to rebuild from a log that was lost, and names what would be', async () => {
    await deleteTopics();
    const before = await databases.snapshot();

    for (const module of MODULES) {
      expect(await run('replay', module)).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(
          /ahead of the log: the database has version \d+ \([0-9a-f]{64}\), the log has nothing/,
        ),
        stderr: expect.stringMatching(/aggregates are ahead of the log or forked; nothing was changed/),
      });
      expect(await run('verify', module, '--repair', '--max-lag', '0')).toMatchObject({ code: 1 });
      expect(await run('republish', module, '--dry-run')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/events of [\d,]+ aggregates would be published/),
      });
    }

    expect(await databases.snapshot()).toEqual(before);
    expect((await admin.listTopics()).filter((topic) => TOPICS.includes(topic as never))).toEqual([]);
  }, 120_000);

  it('puts every event of customers back as it was, and the state of every order', async () => {
    await deleteTopics();
    const before = await databases.snapshot();

    for (const module of MODULES) {
      // Topics get the partitions that they had, whatever is set by now.
      const changed = { ...settings(), KAFKA_TOPIC_PARTITIONS: '12' };
      expect(await runCommand(changed, 'republish', '--module', module)).toMatchObject({
        code: 0,
        stderr: '',
        stdout: expect.stringMatching(/ published$/m),
      });
    }

    const after = await databases.snapshot();
    for (const name of ['accounts.customer.accounts', 'orders.customers', 'orders.customer.orders']) {
      expect(after[name]).toEqual(before[name]);
    }
    // Only where in the log an event is may be another.
    for (const name of ['accounts.customer.history', 'orders.order.history']) {
      expect(withoutPlaces(after[name])).toEqual(withoutPlaces(before[name]));
    }
    const ofCustomers = (await readKafka(servers.kafka)).filter(({ topic }) => topic === TOPICS[0]);
    expect(ofCustomers).toHaveLength(Object.keys(before['accounts.customer.history'] ?? {}).length);
    for (const { value } of ofCustomers) {
      const { subject, sequence, id, time, hash, type } = JSON.parse(String(value));
      const entry = before['accounts.customer.history']?.[`${subject}/${sequence.padStart(15, '0')}`];
      expect({ eventId: id, time, hash, type }).toEqual(pick(entry, 'eventId', 'time', 'hash', 'type'));
    }
    await expectVerified(settings());
    expect(await settled()).toEqual(after);

    for (const module of MODULES) {
      expect(await run('republish', module)).toMatchObject({ stdout: expect.stringContaining('has every event') });
      expect(await run('replay', module)).toMatchObject({ code: 0, stderr: '' });
    }
    expect(await databases.snapshot()).toEqual(after);
  }, 180_000);

  it('puts nothing into a topic that was made anew with other partitions', async () => {
    await deleteTopics([TOPICS[0]]);
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: TOPICS[0], numPartitions: 12 }] });

    expect(await run('republish', 'accounts')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${TOPICS[0]} has 12 partitions, and was created with 6`),
    });

    expect((await readKafka(servers.kafka)).filter(({ topic }) => topic === TOPICS[0])).toEqual([]);
    await deleteTopics([TOPICS[0]]);
  }, 120_000);

  it('puts back what a log lacks that was cut off, killed at whatever moment or not', async () => {
    const before = await databases.snapshot();
    for (const topic of TOPICS) {
      const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
        partition,
        offset: String(Math.floor(Number(high) / 2)),
      }));
      await admin.deleteTopicRecords({ topic, partitions });
    }
    expect(await run('verify', 'accounts', '--max-lag', '0')).toMatchObject({ code: 1 });

    const began = performance.now();
    await run('republish', 'accounts', '--dry-run');
    const took = performance.now() - began;
    for (let kill = 0; kill < 3; kill += 1) {
      const dying = new RunningProcess(['republish', '--module', 'accounts'], settings());
      await new Promise((resolve) => setTimeout(resolve, Math.random() * took));
      await dying.kill('SIGKILL');
    }
    for (const module of MODULES) expect(await run('republish', module)).toMatchObject({ code: 0, stderr: '' });

    await expectVerified(settings());
    const after = await settled();
    expect(after['accounts.customer.accounts']).toEqual(before['accounts.customer.accounts']);
    expect(after['orders.customers']).toEqual(before['orders.customers']);
    expect(withoutPlaces(after['accounts.customer.history'])).toEqual(
      withoutPlaces(before['accounts.customer.history']),
    );
  }, 180_000);

  it('goes on with commands after it', async () => {
    const running = await serve(settings()).ready();
    const { id, version } = [...load.customers.values()][0]!.newest;
    const changed = await call('PATCH', `${running.url}/accounts/customers/${id}`, {
      body: { name: { title: 'After' } },
    });
    expect(changed).toMatchObject({ status: 200, body: { version: version + 1 } });
    await expectOutboxDrains(running.managementUrl);
    await eventually(async () => {
      const copy = await databases.collection('orders', 'customers').findOne({ _id: id });
      expect(copy?.version).toBe(version + 1);
    });
    await running.kill('SIGTERM');
    await expectVerified(settings());
  }, 120_000);
});

function withoutPlaces(documents: Snapshot[string] = {}) {
  return Object.fromEntries(
    Object.entries(documents).map(([key, { partition: _, offset: _o, ...document }]) => [key, document]),
  );
}

function pick(document: Readonly<Record<string, unknown>> = {}, ...names: string[]) {
  return Object.fromEntries(names.map((name) => [name, document[name]]));
}
