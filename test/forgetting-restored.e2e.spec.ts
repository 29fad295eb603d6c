import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { LoggedRecord } from '../src/platform/log/bus.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { type Backup, Databases } from './support/databases.js';
import { get, patch } from './support/http.js';
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
} from './support/persons.js';
import { runCommand } from './support/run-command.js';
import { type RunningProcess, serve } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const CUSTOMERS = 'accounts.customer.change';
const KEYS = 'accounts.customer.keys';
const MODULES = ['accounts', 'orders'] as const;

type Restored = (typeof MODULES)[number] | 'keys';

describeWithOwnServers('an erased person does not come back with a backup', 'e2e-forgetting-restored', (servers) => {
  let log: LogAccess;
  let databases: Databases;
  let running: RunningProcess;

  const settings = () => ({
    ...{ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  const urls = () => ({ accounts: running.url, orders: running.url });

  beforeAll(async () => {
    log = await LogAccess.open(servers.kafka);
    databases = await Databases.open(servers.mongodb);
  });

  afterAll(async () => {
    await Promise.all([log.close(), databases.close()]);
  });

  const newestKey = async ({ id }: Person) => (await log.readOf(KEYS, id)).at(-1)?.value;

  /** Resolves once everything is published, and applied where it belongs. */
  async function settled(): Promise<void> {
    await eventually(() => expectVerified(settings()), { within: 60_000 });
    await eventually(async () => {
      for (const database of MODULES) {
        const kept = await databases.collection(database, 'consumer.positions').find({ topic: CUSTOMERS }).toArray();
        const next = kept.reduce((sum, each) => sum + Number(each.next), 0);
        expect(next).toBe((await log.read(CUSTOMERS)).length);
      }
    });
  }

  /** Expects that nothing of the person is answered, whatever state the process is in. */
  async function expectNeverShown({ id, texts, orders }: Person): Promise<void> {
    const { url } = running;
    const [customer, old, copy] = [
      await get(`${url}/accounts/customers/${id}`),
      await get(`${url}/accounts/customers/${id}?version=1`),
      await get(`${url}/orders/customers/${id}`),
    ];
    for (const { status } of [customer, old, copy]) expect([404, 410, 503]).toContain(status);
    const lists = [
      await get(`${url}/accounts/customers?limit=200`),
      await get(`${url}/accounts/customers/${id}/history`),
      await get(`${url}/orders?customerId=${id}`),
      ...(await Promise.all(orders.map((order) => get(`${url}/orders/${order}`)))),
      ...(await Promise.all(orders.map((order) => get(`${url}/orders/${order}/history`)))),
    ];
    for (const { status } of lists.slice(2)) expect(status).toBe(200);
    for (const { text } of [customer, old, copy, ...lists]) {
      for (const secret of Object.values(texts)) expect(text).not.toContain(secret);
    }
    expect((await patch(`${url}/accounts/customers/${id}`, { name: { title: 'Back' } })).status).toBeGreaterThan(400);
  }

  it.each<{ restored: readonly Restored[] }>([
    { restored: ['accounts', 'orders', 'keys'] },
    { restored: ['accounts'] },
    { restored: ['orders'] },
    { restored: ['keys'] },
  ])(
    'of $restored',
    async ({ restored }) => {
      running = await serve(settings()).ready();
      const [gone, stays] = [await newPerson(urls()), await newPerson(urls())];
      await settled();
      const backups = new Map<string, Backup>();
      for (const name of MODULES) backups.set(name, await databases.backup(name));
      const keys: LoggedRecord[] = await log.read(KEYS);
      await erase(urls(), gone);
      await attestationOf(urls(), gone);
      await expectForgotten(urls(), gone);
      await settled();
      await running.kill('SIGTERM');

      for (const name of MODULES)
        if (restored.includes(name)) await databases.restore(name, backups.get(name) as Backup);
      if (restored.includes('keys')) await log.replace(KEYS, keys);
      running = await serve(settings()).serving();
      await expectNeverShown(gone);

      await eventually(async () => {
        expect(await newestKey(gone)).toBeNull();
        const copy = await databases.collection('orders', 'customer.keys').findOne({ _id: gone.id });
        expect(copy).toMatchObject({ key: { shreddedAt: expect.any(String) } });
      });
      await expectNeverShown(gone);
      for (const module of MODULES.filter((name) => restored.includes(name))) {
        expect(await runCommand(settings(), 'replay', '--module', module)).toMatchObject({ code: 0 });
      }
      await running.ready();
      await attestationOf(urls(), gone);
      await expectForgotten(urls(), gone);
      await expectRemembered(urls(), stays);
      expect(await log.readOf(CUSTOMERS, gone.id)).toHaveLength(NEWEST + 1);
      await settled();
    },
    180_000,
  );
});
