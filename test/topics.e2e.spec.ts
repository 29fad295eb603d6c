import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { eventually } from '../src/platform/testing/eventually.js';
import { type Answer, get } from './support/http.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { RunningProcess, serve, type Settings, temporaryDirectory } from './support/run-process.js';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;
const CUSTOMERS = 'accounts.customer.change';
const ORDERS = 'orders.order.change';
const CUSTOMERS_DEAD = `${CUSTOMERS}.orders.dlt`;
const ORDERS_DEAD = `${ORDERS}.orders.dlt`;
const KEYS = 'accounts.customer.keys';
const ERASURES = 'accounts.customer.erasures';

async function run(args: readonly string[], settings: Settings): Promise<{ code: number | null; lines: string[] }> {
  const running = new RunningProcess(args, settings);
  const { code } = await running.exited;
  expect(running.stderr).toBe('');
  return { code, lines: running.stdout.trimEnd().split('\n') };
}

/** As somebody does who has made the topics anew. */
async function forgetPins(mongodb: string): Promise<void> {
  const client = new MongoClient(mongodb);
  for (const module of ['accounts', 'orders']) await client.db(module).collection('topics').deleteMany({});
  await client.close();
}

describeWithOwnServers('topics on a real Kafka', 'e2e-topics', (servers) => {
  let admin: Admin;
  let settings: Settings;

  beforeEach(async () => {
    settings = { KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb };
    admin = new Kafka({ brokers: [servers.kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });

  afterEach(async () => {
    await forgetPins(servers.mongodb);
    const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await eventually(async () => {
      expect((await admin.listTopics()).filter((topic) => !topic.startsWith('__'))).toEqual([]);
    });
    await admin.disconnect();
  });

  async function create(topic: string, config: Record<string, string>): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: 3, replicationFactor: 1, configEntries }],
    });
    await eventually(async () => expect(await admin.listTopics()).toContain(topic));
  }

  async function alter(name: string, config: Record<string, string>): Promise<void> {
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries }],
    });
  }

  const readiness = ({ managementUrl }: RunningProcess): Promise<Answer> => get(`${managementUrl}/health/ready`);

  async function eventuallyNotReady(running: RunningProcess, detail: string): Promise<void> {
    await eventually(async () => {
      const { status, body } = await readiness(running);
      expect({ status, body }).toMatchObject({ status: 503, body: { status: 'not-ready' } });
      expect(body.dependencies).toMatchObject({ kafka: { up: true }, 'consumer:orders': { up: true } });
      expect(body.dependencies.topics).toEqual({ up: false, detail });
    });
  }

  it('are checked and created by a command', async () => {
    const nothing = await run(['topics', 'check', '--module', 'orders'], settings);
    expect(nothing.code).toBe(1);
    expect(nothing.lines.slice(-6)).toEqual(
      [ORDERS, CUSTOMERS, CUSTOMERS_DEAD, ORDERS_DEAD, KEYS, ERASURES].map((topic) => `${topic} is missing`),
    );
    expect((await admin.listTopics()).filter((topic) => !topic.startsWith('__'))).toEqual([]);

    const created = await run(['topics', 'create', '--module', 'orders'], settings);
    expect(created).toEqual({
      code: 0,
      lines: [
        'TOPIC                                USE              PARTITIONS  REPLICAS  CLEANUP.POLICY  RETENTION.MS  RETENTION.BYTES',
        'orders.order.change                  published, read  6           1         delete          -1            -1',
        'accounts.customer.change             read             6           1         delete          -1            -1',
        'accounts.customer.change.orders.dlt  dead letters     6           1         delete          -1            -1',
        'orders.order.change.orders.dlt       dead letters     6           1         delete          -1            -1',
        'accounts.customer.keys               keys             6           1         compact         604800000     -1',
        'accounts.customer.erasures           erasures         6           1         delete          -1            -1',
        'operations.instances                 console          1           1         compact,delete  3600000       -1',
        'operations.actions                   console          1           1         delete          -1            -1',
        '',
        'All 8 topics exist and keep what they must.',
      ],
    });
    expect(await run(['topics', 'check', '--module', 'orders'], settings)).toEqual(created);
  });

  it('that would forget events, or differ, are told by the command, which creates the others', async () => {
    await create(CUSTOMERS, { 'retention.ms': '1000', 'cleanup.policy': 'compact' });
    const { code, lines } = await run(['topics', 'create', '--module', 'orders'], settings);
    expect(code).toBe(1);
    expect(lines).toContainEqual(expect.stringMatching(/^accounts\.customer\.change +read +3 +1 +compact +1000 +-1$/));
    expect(lines.slice(-3)).toEqual([
      `warning: ${CUSTOMERS} has 3 partitions, and KAFKA_TOPIC_PARTITIONS is 6`,
      `${CUSTOMERS} would forget events: cleanup.policy is compact, not delete`,
      `${CUSTOMERS} would forget events: retention.ms is 1000, not -1`,
    ]);
    const { code: ofAccounts } = await run(['topics', 'check', '--module', 'accounts'], settings);
    expect(ofAccounts).toBe(1);
  });

  it('keep a process from being ready, and from publishing, while one has not the partitions that it was made with', async () => {
    const orders = await serve(settings, 'orders').ready();
    const detail = `${ORDERS} has 12 partitions, and was created with 6: events of one key would be in two`;
    await admin.createPartitions({ topicPartitions: [{ topic: ORDERS, count: 12 }] });
    await eventuallyNotReady(orders, detail);
    await orders.kill('SIGTERM');

    const { code, lines } = await run(['topics', 'check', '--module', 'orders'], {
      ...settings,
      KAFKA_TOPIC_PARTITIONS: '12',
    });
    expect({ code, line: lines.at(-1) }).toEqual({ code: 1, line: detail });
    const next = await serve({ ...settings, KAFKA_TOPIC_PARTITIONS: '12' }, 'orders').serving();
    await eventually(async () => {
      const { status, body } = await readiness(next);
      expect({ status, kafka: body.dependencies.kafka }).toEqual({ status: 503, kafka: { up: false, detail } });
    });
    expect(next.logged('bus not available yet; retrying').length).toBeGreaterThan(0);
  });

  it('keep a process from being ready while Kafka has fewer brokers than they must have replicas', async () => {
    const replicated = { ...settings, KAFKA_TOPIC_REPLICAS: '3' };
    const detail = 'too few brokers: 1 now, and topics are created with 3 replicas (KAFKA_TOPIC_REPLICAS)';
    const orders = await serve(replicated, 'orders').serving();
    await eventually(async () => {
      const { status, body } = await readiness(orders);
      expect({ status, kafka: body.dependencies.kafka }).toEqual({ status: 503, kafka: { up: false, detail } });
    });
    expect(await admin.listTopics()).not.toContain(ORDERS);

    await run(['topics', 'create', '--module', 'orders'], settings);
    const { code, lines } = await run(['topics', 'check', '--module', 'orders'], replicated);
    expect(code).toBe(1);
    expect(lines).toContain(`${ORDERS_DEAD} has too few replicas: 1, and KAFKA_TOPIC_REPLICAS is 3`);
    await eventually(async () => {
      const { status, body } = await readiness(orders);
      expect(status).toBe(503);
      expect(body.dependencies.topics.detail).toContain(`${ORDERS} has too few replicas: 1`);
    });
  });

  it('cannot be checked while Kafka is away, which is told in one line', async () => {
    const away = new RunningProcess(['topics', 'check', '--module', 'orders'], {
      ...settings,
      KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
    });
    expect(await away.exited).toEqual({ code: 1, signal: null });
    expect(away.output).toBe('Kafka does not answer\n');
  });

  it('keep a process from being ready while one has finite retention, until that is repaired', async () => {
    await create(ORDERS_DEAD, { 'retention.ms': '604800000', 'retention.bytes': '1000' });
    const orders = await serve(settings, 'orders').serving();
    await eventuallyNotReady(
      orders,
      `${ORDERS_DEAD} would forget events: retention.ms is 604800000, not -1; ` +
        `${ORDERS_DEAD} would forget events: retention.bytes is 1000, not -1`,
    );
    expect((await get(`${orders.managementUrl}/health/live`)).status).toBe(200);

    await alter(ORDERS_DEAD, { 'retention.ms': '-1', 'retention.bytes': '-1' });
    await orders.ready();
    expect((await readiness(orders)).body.dependencies.topics).toEqual({ up: true });
  });

  it('keep a process from being ready when one is made to forget while it runs, until that is repaired', async () => {
    const orders = await serve(settings, 'orders').ready();
    await alter(CUSTOMERS, { 'cleanup.policy': 'compact', 'retention.ms': '-1' });
    await eventuallyNotReady(orders, `${CUSTOMERS} would forget events: cleanup.policy is compact, not delete`);
    await alter(CUSTOMERS, { 'cleanup.policy': 'delete', 'retention.ms': '-1' });
    await orders.ready();

    await servers.stop('kafka');
    await eventually(async () => {
      const { status, body } = await readiness(orders);
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'degraded' } });
      expect(body.dependencies).toMatchObject({ kafka: { up: false }, topics: { up: true } });
    });
    await servers.start('kafka');
  }, 120_000);
});

describe('topics on the embedded log', () => {
  it.each(['check', 'create'])('need no %s, not even beside a process that has it open', async (action) => {
    const DATA_DIR = temporaryDirectory();
    await serve({ DATA_DIR }).ready();
    const { code, lines } = await run(['topics', action, '--module', 'accounts'], { DATA_DIR });
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ['The embedded log creates topics on demand and keeps every event.'],
    });
  });

  it('have no generations, which the command says', async () => {
    const args = ['topics', 'copy', '--partitions', '24', '--module', 'accounts'];
    expect(await run(args, { DATA_DIR: temporaryDirectory() })).toEqual({
      code: 1,
      lines: ['The embedded log has a fixed number of partitions, so its topics have no generations.'],
    });
  });

  it('are not opened for it', async () => {
    const DATA_DIR = join(temporaryDirectory(), 'none');
    await run(['topics', 'check', '--module', 'accounts'], { DATA_DIR });
    expect(existsSync(DATA_DIR)).toBe(false);
  });
});

describe('the command topics', () => {
  const ACTIONS = 'check, create, copy, switch, manifest, delete-generation';

  it('prints its usage', async () => {
    const { code, lines } = await run(['topics', '--help'], {});
    expect(code).toBe(0);
    expect(lines[0]).toBe(
      'Usage: node dist/main.js topics check|create|copy|switch|manifest|delete-generation --module accounts|orders',
    );
  });

  it.each([
    { args: ['topics', '--module', 'orders'], line: `topics needs one of: ${ACTIONS}` },
    { args: ['topics', 'delete', '--module', 'orders'], line: "topics: unknown action 'delete'" },
    { args: ['topics', 'check', 'all', '--module', 'orders'], line: "unexpected argument 'all'" },
    { args: ['topics', 'check'], line: '--module is required: accounts or orders' },
    {
      args: ['topics', 'check', '--partitions', '24', '--module', 'orders'],
      line: 'topics check: does not take --partitions',
    },
    {
      args: ['topics', 'check', '--module', 'all'],
      line: "--module: unknown module 'all'; expected accounts or orders",
    },
  ])('refuses $args', async ({ args, line }) => {
    const refused = new RunningProcess(args, {});
    expect(await refused.exited).toEqual({ code: 2, signal: null });
    expect(refused.stderr.split('\n')[0]).toBe(line);
  });
});
