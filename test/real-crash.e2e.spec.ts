import { randomInt } from 'node:crypto';
import { expect, it } from '@jest/globals';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectLogTellsAll,
  expectOrdersHears,
  expectOutboxDrains,
  holdsAcknowledged,
} from './support/guarantees.js';
import { Load } from './support/load.js';
import { readDocuments } from './support/read-documents.js';
import { readKafka } from './support/read-log.js';
import { describeWithRealServers, realServers } from './support/real-servers.js';
import { type RunningProcess, serve } from './support/run-process.js';

const ROUNDS = 3;

describeWithRealServers('accounts and orders as two services on Kafka and MongoDB', () => {
  it('lose and reorder nothing that they acknowledged, however often they are killed', async () => {
    const start = (module: string) => serve(settings(), module).serving();
    let [accounts, orders] = await Promise.all([start('accounts').then(ready), start('orders').then(ready)]);
    const load = new Load({ accounts: [accounts.url], orders: [orders.url] });
    for (let round = 0; round < ROUNDS; round += 1) {
      await load.acknowledges(randomInt(50, 400));
      await accounts.kill('SIGKILL');
      accounts = await start('accounts');
      load.targets.accounts = [accounts.url];
      await load.acknowledges(randomInt(50, 400));
      await orders.kill('SIGKILL');
      orders = await start('orders');
      load.targets.orders = [orders.url];
    }
    await load.acknowledges(100);
    await Promise.all([accounts.kill('SIGKILL'), orders.kill('SIGKILL')]);
    // Nothing follows that could heal what this last crash has done.
    await load.stop();
    [accounts, orders] = await Promise.all([start('accounts'), start('orders')]);

    await expectNothingIsLost(load, accounts, orders);
  }, 120_000);

  it('lose and reorder nothing when one instance of each is killed for good and the other goes on', async () => {
    const start = (module: string) => serve(settings(), module).ready();
    const [accounts, dyingAccounts] = await Promise.all([start('accounts'), start('accounts')]);
    const [orders, dyingOrders] = await Promise.all([start('orders'), start('orders')]);
    const load = new Load({
      accounts: [accounts.url, dyingAccounts.url],
      orders: [orders.url, dyingOrders.url],
    });
    await load.acknowledges(randomInt(200, 800));
    await dyingAccounts.kill('SIGKILL');
    load.targets.accounts = [accounts.url];
    await load.acknowledges(randomInt(50, 300));
    await dyingOrders.kill('SIGKILL');
    load.targets.orders = [orders.url];
    await load.acknowledges(200);
    await load.stop();

    await expectNothingIsLost(load, accounts, orders);
  }, 120_000);
});

function settings() {
  const { kafka, mongodb } = realServers();
  return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
}

function ready(running: RunningProcess): Promise<RunningProcess> {
  return running.ready();
}

async function expectNothingIsLost(load: Load, accounts: RunningProcess, orders: RunningProcess): Promise<void> {
  expectGoodAnswers(load);
  await expectAcknowledgedIsKept(load, { accounts: accounts.url, orders: orders.url });
  await expectOrdersHears(load, orders.url);
  await expectOutboxDrains(accounts.managementUrl, orders.managementUrl);
  await expectDocuments(load);
  const { kafka } = realServers();
  const records = await readKafka(kafka);
  expect(holdsAcknowledged(load, records)).toBe(true);
  expectLogTellsAll(load, records);
}

/** What is stored is what is answered, with nothing left to publish. */
async function expectDocuments(load: Load): Promise<void> {
  const { mongodb } = realServers();
  const customers = await readDocuments(mongodb, 'accounts', 'customer.accounts', load.customers.keys());
  const copies = await readDocuments(mongodb, 'orders', 'customers', load.customers.keys());
  const orders = await readDocuments(mongodb, 'orders', 'customer.orders', load.orders.keys());
  for (const [known, documents] of [
    [load.customers, customers],
    [load.orders, orders],
  ] as const) {
    for (const { id, newest, versions } of known.values()) {
      const document = documents.get(id);
      expect(document).toMatchObject({ _id: id, pending: [], state: { id, version: document?.version } });
      expect(document?.version).toBeGreaterThanOrEqual(newest.version);
      const acknowledged = versions.get(document?.version);
      if (acknowledged) expect(document?.state).toEqual(acknowledged);
    }
  }
  for (const { _id, version, state } of customers.values()) {
    const { creditCards: _, ...copied } = state;
    expect(copies.get(_id)).toEqual({ _id, version, state: copied });
  }
}
