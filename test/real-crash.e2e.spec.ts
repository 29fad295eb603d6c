import { randomInt } from 'node:crypto';
import { it } from '@jest/globals';
import { expectNothingLost } from './support/expect-nothing-lost.js';
import { Load } from './support/load.js';
import { describeWithRealServers, realServers } from '../src/platform/testing/real-servers.js';
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

    await expectNothingLost(load, realServers(), accounts, orders);
  }, 300_000);

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

    await expectNothingLost(load, realServers(), accounts, orders);
  }, 300_000);
});

function settings() {
  const { kafka, mongodb } = realServers();
  return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
}

function ready(running: RunningProcess): Promise<RunningProcess> {
  return running.ready();
}
