import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import kafkajs, { type Producer } from 'kafkajs';
import { settingsOf } from '../src/platform/log/topics.js';
import { type DataKey, newDataKey } from '../src/platform/privacy/data-key.js';
import { MasterKeys } from '../src/platform/privacy/master-keys.js';
import { sealPart } from '../src/platform/privacy/sealed-part.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { call, post } from './support/http.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { customerInput, orderInput } from './support/requests.js';
import { type RunningProcess, runScript, serve, temporaryDirectory } from './support/run-process.js';

const CUSTOMERS = 'accounts.customer.change';
const ORDERS = 'orders.order.change';
const KEYS = 'accounts.customer.keys';
const NAME = { firstName: 'Ada', lastName: 'Lovelace' };

/** A line that the example prints. */
interface Line {
  readonly type?: string;
  readonly subject?: string;
  readonly sequence?: number;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly forgotten?: string;
}

describeWithOwnServers('the example of a consumer', 'e2e-example', (servers) => {
  const master = { id: 'master-2', bytes: randomBytes(32) };
  const wrapper = new MasterKeys([master]);
  let producer: Producer;
  let keyFile: string;

  beforeAll(async () => {
    const kafka = new kafkajs.Kafka({ brokers: [servers.kafka], logLevel: kafkajs.logLevel.NOTHING });
    producer = kafka.producer();
    const admin = kafka.admin();
    await Promise.all([producer.connect(), admin.connect()]);
    await admin.createTopics({
      waitForLeaders: false,
      topics: [CUSTOMERS, ORDERS, KEYS].map((topic) => ({
        topic,
        numPartitions: topic === KEYS ? 2 : 6,
        replicationFactor: 1,
        configEntries: Object.entries(settingsOf(topic)).map(([name, value]) => ({ name, value })),
      })),
    });
    await eventually(async () => expect(await admin.listTopics()).toEqual(expect.arrayContaining([KEYS, ORDERS])));
    await admin.disconnect();
  });

  afterAll(() => producer.disconnect());

  beforeEach(() => {
    keyFile = join(temporaryDirectory(), 'master-keys');
    const older = `master-1 ${randomBytes(32).toString('base64')}`;
    writeFileSync(keyFile, `# two generations\n${older}\n${master.id} ${master.bytes.toString('base64')}\n`);
  });

  const start = (settings: Readonly<Record<string, string>> = {}) =>
    runScript('examples/consumer.mjs', { KAFKA_BOOTSTRAP_SERVERS: servers.kafka, ...settings });

  /** What the example has printed about these ids. */
  function linesOf({ stdout }: RunningProcess, ...ids: readonly string[]): Line[] {
    const lines = stdout.split('\n').slice(0, -1);
    const all = lines.map((line) => JSON.parse(line) as Line);
    return all.filter(({ subject, forgotten }) => ids.includes(subject ?? forgotten ?? ''));
  }

  async function publishKey(customerId: string, key: DataKey | null): Promise<void> {
    const value = key && JSON.stringify(wrapper.wrap(customerId, key));
    await producer.send({ topic: KEYS, messages: [{ key: customerId, value }] });
  }

  /** An event as it is with a sealed part, under the attributes to which that is bound. */
  async function publishSealed(key: DataKey, subject: string, sequence: number, data: object, personal: object) {
    const topic = 'order' in data ? ORDERS : CUSTOMERS;
    const type = 'order' in data ? 'orders.order.placed' : 'accounts.customer.changed';
    const dataschema = `urn:schema:${type}:v3`;
    const sealed = sealPart(key, personal, [subject, sequence, type, dataschema].join('|'));
    const event = {
      specversion: '1.0',
      type,
      subject,
      sequence: String(sequence),
      dataschema,
      data: { ...data, sealed },
    };
    await producer.send({ topic, messages: [{ key: subject, value: JSON.stringify(event) }] });
  }

  async function publishErased(customerId: string, sequence: number): Promise<void> {
    const type = 'accounts.customer.erased';
    const data = { customer: { id: customerId, version: sequence, erased: true }, changed: ['/name'] };
    const event = { specversion: '1.0', type, subject: customerId, sequence: String(sequence), data };
    await producer.send({ topic: CUSTOMERS, messages: [{ key: customerId, value: JSON.stringify(event) }] });
  }

  it('copies customers and orders that the services publish, and forgets a customer who is erased', async () => {
    const backends = { KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb };
    const running = await serve({ ...backends, MASTER_KEYS_FILE: keyFile }).ready();
    const { body: customer } = await post(`${running.url}/accounts/customers`, customerInput('Lovelace'));
    const { id } = customer as { id: string };
    const order = { ...orderInput(id), minCustomerVersion: 1 };
    const placed = await post(`${running.url}/orders`, order, { prefer: 'wait=10' });
    expect(placed.status).toBe(201);
    const orderId = (placed.body as { id: string }).id;

    const example = start({ MASTER_KEY_FILE: keyFile });
    await eventually(() => expect(linesOf(example, id, orderId)).toHaveLength(2));
    const [copied, ordered] = linesOf(example, id, orderId).toSorted((a, b) => (a.type! < b.type! ? -1 : 1));
    expect(copied).toMatchObject({ type: 'accounts.customer.registered', subject: id, sequence: 1 });
    expect(copied!.data).toMatchObject({ customer: { id, name: { lastName: 'Lovelace' } } });
    expect(ordered).toMatchObject({
      type: 'orders.order.placed',
      subject: orderId,
      data: { order: { customerId: id } },
    });

    await call('DELETE', `${running.url}/accounts/customers/${id}`);
    await eventually(() => {
      expect(linesOf(example, id).slice(1)).toEqual([
        { forgotten: id },
        { type: 'accounts.customer.erased', subject: id, sequence: 2 },
      ]);
      // Orders redacts the order of an erased customer.
      expect(linesOf(example, orderId).slice(1)).toMatchObject([{ type: 'orders.order.redacted', sequence: 2 }]);
    });
    expect(example.stderr).toBe('');
  });

  it('opens what is sealed with the key of the person, of customers and of orders', async () => {
    const [id, orderId, key] = [randomUUID(), randomUUID(), newDataKey()];
    await publishKey(id, key);
    // A generation of the topic was ended once.
    const end = { key: null, value: null, headers: { fence: '' } };
    await producer.send({ topic: CUSTOMERS, messages: [0, 1, 2, 3, 4, 5].map((partition) => ({ partition, ...end })) });
    await publishSealed(
      key,
      id,
      1,
      { customer: { id, addresses: [{ type: 'BILLING' }] }, changed: [''] },
      {
        '/customer/name': NAME,
        '/customer/addresses/0/city': 'London',
        '/customer/a~1b': 1,
      },
    );
    const example = start({ MASTER_KEY_FILE: keyFile });
    await eventually(() => expect(linesOf(example, id)).toHaveLength(1));
    // Later ones, and a repeated one.
    await publishSealed(key, id, 1, { customer: { id }, changed: [] }, { '/customer/name': NAME });
    await publishSealed(key, id, 2, { customer: { id }, changed: [] }, { '/customer/name': NAME });
    await publishSealed(
      key,
      orderId,
      1,
      { order: { id: orderId, customerId: id } },
      { '/order/shipTo': { city: 'Paris' } },
    );
    await eventually(() => expect(linesOf(example, id, orderId)).toHaveLength(3));

    expect(linesOf(example, id).map(({ sequence, data }) => [sequence, data!.customer])).toEqual([
      [1, { id, name: NAME, addresses: [{ type: 'BILLING', city: 'London' }], 'a/b': 1 }],
      [2, { id, name: NAME }],
    ]);
    expect(linesOf(example, orderId)[0]!.data).toEqual({
      order: { id: orderId, customerId: id, shipTo: { city: 'Paris' } },
    });
  });

  it('waits for a key that is published after the start, and leaves closed what has none', async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    const example = start({ MASTER_KEY_FILE: keyFile });
    const [late, gone] = [newDataKey(), newDataKey()];
    await publishKey(id, late);
    await publishSealed(late, id, 1, { customer: { id } }, { '/customer/name': NAME });
    await publishSealed(gone, other, 1, { customer: { id: other } }, { '/customer/name': NAME });
    await eventually(() => expect(linesOf(example, id, other)).toHaveLength(2));

    expect(linesOf(example, id)[0]!.data).toEqual({ customer: { id, name: NAME } });
    expect(linesOf(example, other)[0]!.data).toEqual({ customer: { id: other } });
  });

  it('opens nothing without the master key', async () => {
    const [id, key] = [randomUUID(), newDataKey()];
    await publishKey(id, key);
    await publishSealed(key, id, 1, { customer: { id } }, { '/customer/name': NAME });
    const example = start();
    await eventually(() => expect(linesOf(example, id)).toHaveLength(1));

    expect(linesOf(example, id)[0]!.data).toEqual({ customer: { id } });
  });

  it.each(['event', 'tombstone'] as const)('forgets for good a person whose erasure it meets as an %s', async (as) => {
    const [id, orderId, key] = [randomUUID(), randomUUID(), newDataKey()];
    await publishKey(id, key);
    await publishSealed(key, id, 1, { customer: { id } }, { '/customer/name': NAME });
    const example = start({ MASTER_KEY_FILE: keyFile });
    await eventually(() => expect(linesOf(example, id)).toHaveLength(1));

    if (as === 'event') await publishErased(id, 2);
    else await publishKey(id, null);
    await eventually(() => expect(linesOf(example, id)[1]).toEqual({ forgotten: id }));
    // A key that comes back, from a backup for example, opens nothing.
    await publishKey(id, key);
    await publishSealed(key, orderId, 1, { order: { id: orderId, customerId: id } }, { '/order/shipTo': NAME });
    await eventually(() => expect(linesOf(example, orderId)).toHaveLength(1));
    expect(linesOf(example, orderId)).toEqual([{ type: 'orders.order.placed', subject: orderId, sequence: 1 }]);
  });
});
