import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { Gateway } from './support/gateway/gateway.js';
import { NameServer } from './support/gateway/name-server.js';
import { describeWithGateway } from './support/gateway/needed.js';
import { StandIn } from './support/gateway/stand-in.js';
import { get } from './support/http.js';

/** Milliseconds, as DRAIN_MS in the manifests. */
const DRAIN_MS = 3000;

describeWithGateway('the gateway before instances that are replaced', () => {
  it('serves while the name server still knows only instances that are gone', async () => {
    const names = await NameServer.start();
    const orders = await StandIn.start();
    const old = await StandIn.start('127.0.0.2');
    const older = await StandIn.start('127.0.0.3', old);
    const replacement = await StandIn.start('127.0.0.4', old);
    // In a cluster, the address of a Service that forwards to every ready instance.
    const any = await StandIn.start('127.0.0.5', old);
    names.set('accounts.test', ['127.0.0.2', '127.0.0.3']);
    names.set('accounts-any.test', ['127.0.0.5']);
    const gateway = await Gateway.start(
      { accounts: old, orders },
      {
        GATEWAY_NAMESERVER: names.address,
        GATEWAY_MAX_INSTANCES: '3',
        ACCOUNTS_HOST: 'accounts.test',
        ACCOUNTS_FALLBACK_HOST: 'accounts-any.test',
      },
    );
    const statusOf = async () => (await gateway.call('GET', '/accounts/customers')).status;
    await eventually(async () => expect([await statusOf(), old.received.length > 0]).toEqual([200, true]));
    any.received.length = 0;
    expect(await statusOf()).toBe(200);
    expect(any.received).toEqual([]);

    names.set('accounts.test', ['127.0.0.4']);
    const statuses: number[] = [];
    const client = new AbortController();
    const asking = (async () => {
      while (!client.signal.aborted) {
        statuses.push(await statusOf());
        await sleep(10);
      }
    })();
    for (const instance of [old, older]) {
      instance.isReady = false;
      await sleep(DRAIN_MS);
      instance.stop();
    }
    await sleep(1000);
    expect(names.resolve('accounts.test')).toEqual(['127.0.0.2', '127.0.0.3']);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(any.received.length).toBeGreaterThan(0);

    names.expireCache();
    await eventually(() => expect(replacement.received.length).toBeGreaterThan(0));
    any.received.length = 0;
    await sleep(500);
    client.abort();
    await asking;
    expect(any.received).toEqual([]);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('is ready only when it knows every service, and stays ready when they are down', async () => {
    const names = await NameServer.start();
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const settings = { GATEWAY_NAMESERVER: names.address, ACCOUNTS_HOST: 'accounts.test', ORDERS_HOST: 'orders.test' };
    names.set('accounts.test', ['127.0.0.1']);
    const gateway = await Gateway.start({ accounts, orders }, settings, 'live');
    const isReady = async () => (await get(`${gateway.healthUrl}/health/ready`)).status === 200;
    await eventually(async () => expect((await gateway.call('GET', '/accounts/customers')).status).toBe(200));
    expect([await isReady(), (await gateway.call('GET', '/orders')).status]).toEqual([false, 503]);

    names.set('orders.test', ['127.0.0.1']);
    names.expireCache();
    await eventually(async () => expect(await isReady()).toBe(true));
    expect((await gateway.call('GET', '/orders')).status).toBe(200);

    accounts.isReady = orders.isReady = false;
    for (const path of ['/accounts/customers', '/orders'])
      await eventually(async () => expect((await gateway.call('GET', path)).status).toBe(503));
    expect(await isReady()).toBe(true);
  });

  it('is ready after a while although it does not know one of the services', async () => {
    const names = await NameServer.start();
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const settings = { GATEWAY_NAMESERVER: names.address, ORDERS_HOST: 'orders.test' };
    const started = Date.now();
    const gateway = await Gateway.start({ accounts, orders }, settings);
    expect(Date.now() - started).toBeGreaterThan(8_000);
    expect((await gateway.call('GET', '/accounts/customers')).status).toBe(200);
  });
});
