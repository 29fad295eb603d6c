import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { eventually } from '../src/platform/testing/eventually.js';
import { masterKeysFile } from '../src/platform/testing/real-servers.js';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectLogTellsAll,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { get, post } from './support/http.js';
import { Load } from './support/load.js';
import { describeWithOwnServers, type OwnServers } from './support/own-servers.js';
import { readKafka, WITH_KEYS } from './support/read-log.js';
import { customerInput } from './support/requests.js';
import { type RunningProcess, serve } from './support/run-process.js';

const { Kafka, logLevel, Partitioners } = kafkajs;
const DEAD_LETTERS = 'accounts.customer.change.orders.dlt';

describeWithOwnServers('accounts and orders as two services', 'e2e-outage', (servers) => {
  const start = (module: string) => serve(settingsOf(servers), module);

  it('go on with commands while Kafka is away, even over a restart, and publish all when it is back', async () => {
    let accounts = await start('accounts').ready();
    const orders = await start('orders').ready();
    const load = new Load({ accounts: [accounts.url], orders: [orders.url] }, 8);
    await load.acknowledges(200);
    await servers.stop('kafka');
    await load.acknowledges(300);
    for (const { managementUrl } of [accounts, orders]) {
      await eventually(async () => {
        const { status, body } = await get(`${managementUrl}/health/ready`);
        expect({ status, body }).toMatchObject({ status: 200, body: { status: 'degraded' } });
        expect(body.dependencies.kafka).toEqual({ up: false, detail: 'Kafka does not answer' });
        const [outbox] = Object.values<{ pending: number; oldestSeconds: number }>(body.outbox);
        expect(outbox?.pending).toBeGreaterThan(50);
        expect(outbox?.oldestSeconds).toBeGreaterThan(0);
      });
    }

    const stopped = Date.now();
    expect(await accounts.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(Date.now() - stopped).toBeLessThan(10_000);
    accounts = await start('accounts').serving();
    load.targets.accounts = [accounts.url];
    const { status } = await post(`${accounts.url}/accounts/customers`, customerInput('Unheard'));
    expect(status).toBe(201);
    await load.acknowledges(100);
    await load.stop();
    await servers.start('kafka');

    await accounts.ready();
    await expectNothingIsLost(load, servers, accounts, orders);
  }, 120_000);

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'answer 503, and dead-letter nothing, while MongoDB is away after a %s, and go on when it is back',
    async (signal) => {
      const [accounts, orders] = await Promise.all([start('accounts').ready(), start('orders').ready()]);
      const load = new Load({ accounts: [accounts.url], orders: [orders.url] }, 16);
      await load.acknowledges(200);
      const anyCustomer = [...load.customers.keys()][0];
      await servers.stop('mongodb', signal);
      await load.isRefused(32);

      const refusal = await post(`${accounts.url}/accounts/customers`, customerInput('Refused'));
      expect(refusal.status).toBe(503);
      expect(refusal.headers.get('content-type')).toBe('application/problem+json');
      expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await get(`${orders.url}/orders/customers/${anyCustomer}`)).status).toBe(503);
      const { status, body } = await get(`${orders.managementUrl}/health/ready`);
      expect({ status, body }).toMatchObject({ status: 503, body: { status: 'not-ready' } });
      expect(body.dependencies['mongodb:orders'].up).toBe(false);
      expect((await get(`${orders.managementUrl}/health/live`)).status).toBe(200);

      const copy = await publishRegistration(servers.kafka);
      await eventually(() =>
        expect(orders.logged('handling failed; the records will be retried').length).toBeGreaterThan(2),
      );
      await servers.start('mongodb');

      await load.acknowledges(200);
      await load.stop();
      expect([accounts, orders].flatMap((each) => each.logged('request failed'))).toEqual([]);
      await expectNothingIsLost(load, servers, accounts, orders);
      const { body: copied } = await eventually(async () => {
        const answer = await get(`${orders.url}/orders/customers/${copy.id}`);
        expect(answer.status).toBe(200);
        return answer;
      });
      expect(copied.customer).toEqual(copy);
      expect(await numberOfRecords(servers.kafka, DEAD_LETTERS)).toBe(0);
      expect(await orders.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    },
    120_000,
  );

  it('can be stopped while they wait for MongoDB at their start', async () => {
    await servers.stop('mongodb');
    const accounts = start('accounts');
    await eventually(() => expect(accounts.logged('database not available yet; retrying').length).toBeGreaterThan(0));
    const stopped = Date.now();
    expect(await accounts.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(Date.now() - stopped).toBeLessThan(10_000);
    expect(accounts.stderr).toBe('');
    await servers.start('mongodb');
  });
});

function settingsOf({ kafka, mongodb }: OwnServers) {
  return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
}

async function expectNothingIsLost(
  load: Load,
  { kafka }: OwnServers,
  accounts: RunningProcess,
  orders: RunningProcess,
): Promise<void> {
  expectGoodAnswers(load);
  await expectAcknowledgedIsKept(load, { accounts: accounts.url, orders: orders.url });
  await expectOrdersHears(load, orders.url);
  await expectOutboxDrains(accounts.managementUrl, orders.managementUrl);
  await expectLogTellsAll(load, await readKafka(kafka, WITH_KEYS), masterKeysFile());
}

/** Publishes the registration of a customer whom accounts has never heard of, as accounts would. */
async function publishRegistration(brokers: string) {
  const id = randomUUID();
  const time = new Date().toISOString();
  const { name, contact } = customerInput('Unknown');
  const customer = { id, version: 1, name, contact, addresses: [], createdAt: time, updatedAt: time };
  const type = 'accounts.customer.registered';
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/accounts',
    type,
    subject: id,
    time,
    datacontenttype: 'application/json',
    dataschema: `urn:schema:${type}:v2`,
    sequence: '1',
    data: { customer, changed: ['/name', '/contact', '/addresses'] },
  };
  const headers = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
  const producer = clientOf(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = [{ key: id, value: JSON.stringify(event), headers }];
  await producer.send({ topic: 'accounts.customer.change', messages }).finally(() => producer.disconnect());
  return customer;
}

async function numberOfRecords(brokers: string, topic: string): Promise<number> {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic).finally(() => admin.disconnect());
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}

function clientOf(brokers: string) {
  return new Kafka({ clientId: 'test', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
}
