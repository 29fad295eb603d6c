import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { type LosingProxy, losingProxy } from '../src/platform/testing/losing-proxy.js';
import { Databases } from './support/databases.js';
import { LogAccess } from './support/log-access.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { attestationOf, erase, expectForgotten, expectRemembered, newPerson, type Person } from './support/persons.js';
import { type RunningProcess, serve } from './support/run-process.js';
import { tracesOf } from './support/traces.js';
import { expectVerified } from './support/verified.js';

const CUSTOMERS = 'accounts.customer.change';
const KEYS = 'accounts.customer.keys';
const ERASURES = 'accounts.customer.erasures';
/** In BSON: type 8 is a boolean, and this one is true. */
const ERASED = '\u0008erased\0\u0001';

describeWithOwnServers('an erasure ends, although the process is killed', 'e2e-forgetting-crash', (servers) => {
  let log: LogAccess;
  let databases: Databases;
  let proxy: LosingProxy;
  const running: Partial<Record<'accounts' | 'orders', RunningProcess>> = {};
  let gone: Person;
  let stays: Person;
  let wrapped: string;

  const settings = (mongodb = servers.mongodb) => ({
    ...{ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  const start = async (module: 'accounts' | 'orders', mongodb?: string) => {
    running[module] = await serve(settings(mongodb), module).lasts().ready();
  };
  const kill = (module: 'accounts' | 'orders') => running[module]?.kill('SIGKILL');
  /** A member of a group that is killed is missed for a session. */
  const stop = (module: 'accounts' | 'orders') => running[module]?.kill('SIGTERM');
  const urls = () => ({ accounts: String(running.accounts?.url), orders: String(running.orders?.url) });

  beforeAll(async () => {
    log = await LogAccess.open(servers.kafka);
    databases = await Databases.open(servers.mongodb);
    await Promise.all([start('accounts'), start('orders')]);
    stays = await newPerson(urls());
  }, 60_000);

  beforeEach(async () => {
    proxy = await losingProxy(servers.mongodb);
    gone = await newPerson(urls());
    const document = await eventually(async () => {
      const found = await databases.collection('accounts', 'customer.accounts').findOne({ _id: gone.id });
      expect(found?.pending).toEqual([]);
      return found;
    });
    wrapped = String(document?.key.wrapped);
  });

  afterEach(async () => {
    proxy.close();
  });

  afterAll(async () => {
    await Promise.all([log.close(), databases.close()]);
  });

  const newestKey = async () => (await log.readOf(KEYS, gone.id)).at(-1)?.value;
  const isErasureLogged = async () => (await log.readOf(CUSTOMERS, gone.id)).length === 7;
  const inOrders = (collection: string) => databases.collection('orders', collection).findOne({ _id: gone.id });

  async function expectErased(): Promise<void> {
    await attestationOf(urls(), gone);
    await expectForgotten(urls(), gone);
    await expectRemembered(urls(), stays);
    expect(await newestKey()).toBeNull();
    expect(await inOrders('customer.keys')).toMatchObject({ key: { shreddedAt: expect.any(String) } });
    const documents = await Promise.all((['accounts', 'orders'] as const).map((name) => databases.backup(name)));
    const places = documents.map((all, index) => [`database ${index}`, JSON.stringify([...all])] as const);
    await eventually(() => expect(tracesOf({ ...gone.texts, wrapped }, places)).toEqual([]));
    await eventually(() => expectVerified(settings()), { within: 60_000 });
  }

  it('after the erasure is saved, and before it is published', async () => {
    await log.block(CUSTOMERS);
    await erase(urls(), gone);
    await kill('accounts');
    expect([await isErasureLogged(), (await newestKey())?.includes(wrapped)]).toEqual([false, true]);

    await log.unblock(CUSTOMERS);
    await start('accounts');

    await expectErased();
  }, 120_000);

  it('after the erasure is published, and before its key ends', async () => {
    await log.block(KEYS);
    await erase(urls(), gone);
    await eventually(async () => expect(await isErasureLogged()).toBe(true));
    await kill('accounts');
    expect((await newestKey())?.includes(wrapped)).toBe(true);

    await log.unblock(KEYS);
    await start('accounts');

    await expectErased();
  }, 120_000);

  it('after the end of its key is published, and before the outbox is trimmed', async () => {
    await stop('accounts');
    await start('accounts', proxy.uri);
    proxy.holdBack('$pull');
    await erase(urls(), gone);
    await eventually(() => expect(proxy.heldBack()).toBeGreaterThan(0));
    expect(await newestKey()).toBeNull();
    await kill('accounts');
    const document = await databases.collection('accounts', 'customer.accounts').findOne({ _id: gone.id });
    expect(document?.pending).toHaveLength(1);

    await start('accounts');

    await expectErased();
  }, 120_000);

  it.each([
    {
      ...{ when: 'before the copy of the customer is erased', collection: 'customers', member: ERASED },
      hasName: true,
    },
    {
      ...{ when: 'before the orders are redacted', collection: 'customer.orders', member: 'redactedAt' },
      hasName: false,
    },
  ])(
    'after the copy of the key is destroyed, and $when',
    async ({ collection, member, hasName }) => {
      const [order] = gone.orders as [string];
      await stop('orders');
      await start('orders', proxy.uri);
      proxy.holdBack(bsonOf('update', collection), member === 'redactedAt' ? order : gone.id, member);
      await erase(urls(), gone);
      await eventually(() => expect(proxy.heldBack()).toBeGreaterThan(0));
      await kill('orders');
      expect(await inOrders('customer.keys')).toMatchObject({ key: { shreddedAt: expect.any(String) } });
      const stored = await databases.collection('orders', 'customer.orders').findOne({ _id: order });
      expect(stored?.state.redactedAt).toBeUndefined();
      expect(JSON.stringify(stored)).toContain(gone.texts.street);
      expect(JSON.stringify(await inOrders('customers')).includes(gone.texts['last name'])).toBe(hasName);

      await start('orders');

      await expectErased();
    },
    120_000,
  );

  it('before orders confirms it', async () => {
    await log.block(ERASURES);
    await erase(urls(), gone);
    await eventually(async () => {
      for (const _id of gone.orders) {
        const order = await databases.collection('orders', 'customer.orders').findOne({ _id });
        expect(order?.state.redactedAt).toBeDefined();
      }
    });
    await kill('orders');
    expect(await log.readOf(ERASURES, gone.id)).toEqual([]);

    await log.unblock(ERASURES);
    await start('orders');

    await expectErased();
  }, 120_000);
});

/** A string of a BSON document: type 2, the name, zero, the length, the text, zero. */
function bsonOf(name: string, text: string): string {
  return `\u0002${name}\0${String.fromCharCode(text.length + 1)}\0\0\0${text}\0`;
}
