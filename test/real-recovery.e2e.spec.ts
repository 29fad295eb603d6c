import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import kafkajs, { type Admin, type IHeaders } from 'kafkajs';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { hashOf } from '../src/platform/event/hash-chain.js';
import { Databases } from './support/databases.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { call, get, patch, post } from './support/http.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { readKafka } from './support/read-log.js';
import { customerInput, orderInput } from './support/requests.js';
import { runCommand } from './support/run-command.js';
import { type RunningProcess, serve } from './support/run-process.js';
import { expectVerified } from './support/verified.js';
import { temporaryFolder } from '../src/platform/testing/temporary-folder.js';

const { Kafka, logLevel } = kafkajs;
const CUSTOMERS = 'accounts.customer.change';

describeWithOwnServers('accounts and orders, when a part of them is restored from a backup', 'recovery', (servers) => {
  let databases: Databases;
  let admin: Admin;
  let running: RunningProcess;

  beforeAll(async () => {
    databases = await Databases.open(servers.mongodb);
    admin = new Kafka({ brokers: [servers.kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });

  beforeEach(async () => {
    running = await serve(settings()).ready();
  });

  afterEach(async () => {
    await running.kill('SIGKILL');
    await databases.drop();
    const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
    await admin.deleteTopics({ topics });
    await eventually(async () =>
      expect((await admin.listTopics()).filter((each) => topics.includes(each))).toEqual([]),
    );
  });

  afterAll(async () => {
    await admin.disconnect();
    await databases.close();
  });

  const settings = () => ({
    KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
    MONGODB_URI: servers.mongodb,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
  });
  const customer = (id: string) => `${running.url}/accounts/customers/${id}`;
  const ofOrders = (id: string) => `${running.url}/orders/customers/${id}`;

  async function register(name: string): Promise<string> {
    const { status, body } = await post(`${running.url}/accounts/customers`, customerInput(name));
    expect(status).toBe(201);
    return body.id as string;
  }

  async function rename(id: string, title: string): Promise<void> {
    expect((await patch(customer(id), { name: { title } })).status).toBe(200);
  }

  /** Resolves once orders' copy has a version, and the history, and nothing is pending, and consumers' positions are kept. */
  async function settled(id: string, version: number): Promise<void> {
    await eventually(async () => {
      expect((await get(ofOrders(id))).body).toMatchObject({ customerVersion: version });
      const { body } = await get(`${running.managementUrl}/health/ready`);
      expect(body.outbox[CUSTOMERS]).toMatchObject({ pending: 0 });
      const history = await databases.collection('accounts', 'customer.history').countDocuments({
        id,
        eventId: { $exists: true },
      } as object);
      expect(history).toBe(version);
      for (const database of ['accounts', 'orders'] as const) {
        const kept = databases.collection(database, 'consumer.positions').find({ topic: CUSTOMERS } as object);
        const next = (await kept.toArray()).reduce((sum, each) => sum + Number(each.next), 0);
        const ends = await admin.fetchTopicOffsets(CUSTOMERS);
        expect(next).toBe(ends.reduce((sum, { high }) => sum + Number(high), 0));
      }
    });
  }

  async function expectRefusing(module: string, code: string, says: string): Promise<void> {
    await eventually(async () => {
      const { status, body } = await get(`${running.managementUrl}/health/ready`);
      expect(status).toBe(503);
      expect(body.dependencies[`log:${module}`]).toMatchObject({ up: false, detail: expect.stringContaining(says) });
    });
    const { status, body, headers } = await post(`${running.url}/accounts/customers`, customerInput('Refused'));
    expect({ status, type: body.type }).toEqual({ status: 503, type: `urn:problem:${code}` });
    expect(headers.get('retry-after')).not.toBeNull();
  }

  async function expectReady(): Promise<void> {
    await eventually(async () => {
      const { status, text } = await get(`${running.managementUrl}/health/ready`);
      expect({ status, text }).toMatchObject({ status: 200, text: expect.stringContaining('"status":"ready"') });
    });
  }

  /** Puts into the log what a process would have that was cut off, or worked on a database that was set back. */
  async function publishRivalOf(id: string, version: number): Promise<void> {
    const own = (await readKafka(servers.kafka)).filter(({ key }) => key?.toString() === id);
    const { topic, partition, headers, value: text } = own[version - 1] as LoggedRecord;
    const rival = { ...(JSON.parse(String(text)) as object), id: randomUUID() };
    const value = JSON.stringify({ ...rival, hash: hashOf(rival) });
    const { ce_id: _, ...others } = headers;
    const producer = new Kafka({ brokers: [servers.kafka], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ key: id, value, headers: others as IHeaders, partition }] });
    await producer.disconnect();
  }

  it.each([
    { when: 'while it runs', how: [] },
    { when: 'before it starts', how: [] },
    { when: 'while it runs', how: ['--since-checkpoint'] },
  ])(
    'refuses commands for a database that was restored $when, reads on, and is ready by itself after a replay $how',
    async ({ when, how }) => {
      const changed = await register('Changed');
      await settled(changed, 1);
      const checked = await runCommand(settings(), 'verify', '--module', 'accounts');
      expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('checkpoint kept: 1 aggregate') });
      const backup = await databases.backup('accounts');
      await rename(changed, 'Dr');
      const registered = await register('Lost');
      await settled(changed, 2);
      await settled(registered, 1);

      if (when === 'while it runs') await databases.restore('accounts', backup);
      else {
        await running.kill('SIGKILL');
        await databases.restore('accounts', backup);
        running = await serve(settings()).serving();
      }

      await expectRefusing('accounts', 'behind-the-log', 'run replay --module accounts');
      // Also what names an aggregate that the database does not have.
      expect((await patch(customer(registered), { name: { title: 'Sir' } })).status).toBe(503);
      expect((await call('DELETE', customer(changed))).status).toBe(503);
      expect((await get(customer(changed))).body).toMatchObject({ version: 1 });

      const replayed = await runCommand(settings(), 'replay', '--module', 'accounts', ...how);
      const read = how.length > 0 ? /2 records since .*Z: [2-4] documents brought up to date/ : /from 3 records/;
      expect(replayed).toMatchObject({ code: 0, stdout: expect.stringMatching(read) });

      await expectReady();
      expect((await get(customer(changed))).body).toMatchObject({ version: 2, name: { title: 'Dr' } });
      await rename(registered, 'Sir');
      await settled(registered, 2);
      const since = await runCommand(settings(), 'verify', '--module', 'accounts', '--since-checkpoint');
      expect(since).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/since the checkpoint of .*\nlog: intact\n/),
      });
      await expectVerified(settings());
    },
    120_000,
  );

  it('refuses commands once the log has two histories of a customer, until it is told which one counts', async () => {
    const id = await register('Forked');
    await rename(id, 'Dr');
    await settled(id, 2);
    await publishRivalOf(id, 2);

    await expectRefusing('accounts', 'forked-from-the-log', `the log has two histories of 1 aggregate, such as ${id}`);
    expect((await get(customer(id))).body).toMatchObject({ version: 2, name: { title: 'Dr' } });
    const { text } = await get(`${running.managementUrl}/metrics`);
    expect(text).toContain('log_disagreement{module="accounts",type="forked-from-the-log"} 1');
    const verified = await runCommand(settings(), 'verify', '--module', 'accounts');
    expect(verified).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('another event has the same version'),
    });
    expect(await runCommand(settings(), 'replay', '--module', 'accounts')).toMatchObject({ code: 1 });
    await expectRefusing('accounts', 'forked-from-the-log', id);

    const folder = await temporaryFolder();
    const kept = path.join(folder.path, 'kept.jsonl');
    const ended = await runCommand(settings(), 'replay', '--module', 'accounts', '--keep', 'log', '--kept', kept);
    await folder.remove();
    expect(ended).toMatchObject({ code: 0 });

    await expectReady();
    await rename(id, 'Sir');
    await settled(id, 4);
    const { body } = await get(`${running.url}/accounts/customers/${id}/history`);
    expect(body.items.map((item: { version: number }) => item.version)).toEqual([1, 2, 3, 4]);
    await expectVerified(settings());
  }, 120_000);

  it('gives a restored database again the copies that it lacks, without being told', async () => {
    const id = await register('Copied');
    await settled(id, 1);
    const backup = await databases.backup('orders');
    await rename(id, 'Dr');
    await settled(id, 2);

    await databases.restore('orders', backup);

    await settled(id, 2);
    await running.kill('SIGKILL');
    await databases.restore('orders', backup);
    running = await serve(settings()).ready();
    await settled(id, 2);
    const placed = await post(`${running.url}/orders`, orderInput(id));
    expect(placed.status).toBe(201);
  }, 120_000);

  it.each(['while it runs', 'before it starts'])(
    'does not make anew a topic that was deleted %s, says so, and refuses commands',
    async (when) => {
      const id = await register('Kept');
      await rename(id, 'Dr');
      await settled(id, 2);
      const remove = () => admin.deleteTopics({ topics: [CUSTOMERS] });

      if (when === 'while it runs') await remove();
      else {
        await running.kill('SIGKILL');
        await remove();
        running = await serve(settings()).serving();
      }

      await expectRefusing('accounts', 'ahead-of-the-log', 'run republish --module accounts');
      expect((await get(customer(id))).body).toMatchObject({ version: 2 });
      expect((await get(ofOrders(id))).body).toMatchObject({ customerVersion: 2 });
      expect(await admin.listTopics()).not.toContain(CUSTOMERS);
    },
    120_000,
  );

  it('refuses commands where the log was made anew and is shorter', async () => {
    const ids = [await register('One'), await register('Two'), await register('Three')];
    for (const id of ids) await settled(id, 1);
    await running.kill('SIGTERM');
    await admin.deleteTopics({ topics: [CUSTOMERS] });
    await eventually(async () => {
      await admin.createTopics({ topics: [{ topic: CUSTOMERS, numPartitions: 6 }] });
      expect(await admin.listTopics()).toContain(CUSTOMERS);
    });

    running = await serve(settings()).serving();

    await expectRefusing('accounts', 'ahead-of-the-log', 'lacks at least 3 records');
  }, 120_000);
});
