import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Change } from '../src/platform/aggregate/aggregates.js';
import { toKeyRecord } from '../src/platform/privacy/key-records.js';
import { rotateKeys } from '../src/platform/privacy/rotate-keys.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { get, post } from './support/http.js';
import { MemorySystem } from './support/memory-system.js';
import { newPerson, type Person } from './support/persons.js';

const CUSTOMERS = 'accounts.customer.change';
const ORDERS = 'orders.order.change';

describe('an order is not published in clear text while the key of its customer', () => {
  let system: MemorySystem;
  let ada: Person;

  beforeEach(async () => {
    system = await MemorySystem.open();
    await system.start();
    ada = await newPerson(system.urls);
    await system.expectVerified();
    await system.stop();
  });
  afterEach(() => system.stop());

  const ship = () => post(`${system.url}/orders/${ada.orders[2]}/ship`);

  async function expectNothingInClear(): Promise<void> {
    for await (const [place, { value }] of system.records.iterator()) {
      const text = Buffer.from(value ?? '', 'base64').toString();
      if (place.startsWith(ORDERS)) expect(text).not.toContain(ada.texts.street);
    }
  }

  it('is not copied yet, after the database was lost and rebuilt', async () => {
    await system.lose('orders');
    await system.replay('orders');
    const { begin, stores } = system.opened('orders');
    await begin(system.bus);
    const before = (await stores[0]!.find(ada.orders[2] as string))!;
    const state = { ...before.state, version: 2, status: 'SHIPPED', shipTo: { address1: ada.texts.street } };
    const shipping = { type: 'shipped', state, commands: [] } as unknown as Change & { commands: [] };
    await expect(stores[0]!.save(before, shipping)).rejects.toMatchObject({ kind: 'unavailable' });

    await system.start();
    await eventually(async () => expect(await ship()).toMatchObject({ status: 200 }));
    await system.expectVerified();
    await expectNothingInClear();
  });

  it('is lost in a restore of the database while the process runs, which reads it again', async () => {
    await system.start();
    await system.settled(CUSTOMERS);
    const backup = await system.backup('orders');
    const bob = await newPerson(system.urls);
    await system.settled(CUSTOMERS);
    await system.expectVerified();
    await system.restore('orders', backup);

    const copies = system.databaseOf('orders').stores.keyCopies('customer.keys');
    await eventually(async () => expect([...(await copies.find([ada.id, bob.id])).keys()]).toEqual([ada.id, bob.id]));
  });

  it('is withdrawn, and the erasure has not come yet', async () => {
    // Without accounts, which would publish the key again.
    await system.start({}, ['orders']);
    await system.withKeys((_, publish) => publish([toKeyRecord(ada.id, { shreddedAt: new Date().toISOString() })]));
    const copies = system.databaseOf('orders').stores.keyCopies('customer.keys');
    await eventually(async () => expect(await copies.removed([ada.id])).toEqual(new Set([ada.id])));
    expect(await ship()).toMatchObject({ status: 503, body: { detail: 'the key of the person is not here yet' } });
    expect(await get(`${system.url}/orders/${ada.orders[2]}`)).toMatchObject({
      status: 200,
      body: { status: 'PLACED' },
    });

    expect(await system.withKeys(rotateKeys)).toMatchObject({ published: 1 });
    await eventually(async () => expect(await ship()).toMatchObject({ status: 200 }));
    await system.expectVerified();
    await expectNothingInClear();
  });
});
