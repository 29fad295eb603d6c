import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newMasterKey } from '../src/platform/privacy/master-keys.js';
import { checkKeys, rotateKeys } from '../src/platform/privacy/rotate-keys.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { get, patch, post } from './support/http.js';
import { MemorySystem } from './support/memory-system.js';
import {
  attestationOf,
  erase,
  expectForgotten,
  expectRemembered,
  NEWEST,
  newPerson,
  type Person,
} from './support/persons.js';
import { customerInput } from './support/requests.js';
import { uniqueWord } from './support/traces.js';

const KEYS = 'accounts.customer.keys';

describe('the keys of customers', () => {
  let system: MemorySystem;

  beforeEach(async () => {
    system = await MemorySystem.open();
  });

  afterEach(() => system.stop());

  const rename = (id: string, title: string) => patch(`${system.url}/accounts/customers/${id}`, { name: { title } });
  const persons = (count: number) => Promise.all(Array.from({ length: count }, () => newPerson(system.urls)));

  it('are all encrypted with a new master key by a rotation under load, and no change is lost', async () => {
    await system.start();
    const [gone, ...others] = (await persons(6)) as [Person, ...Person[]];
    await system.stop();
    const newest = newMasterKey();
    system.masterKeys = [newest, ...system.masterKeys];
    await system.start();

    const rotation = new AbortController();
    let changes = 0;
    const registered: string[] = [];
    const load = others.map(async ({ id }) => {
      while (!rotation.signal.aborted) {
        expect((await rename(id, `Dr ${(changes += 1)}`)).status).toBe(200);
        const { status, body } = await post(`${system.url}/accounts/customers`, customerInput(uniqueWord()));
        expect(status).toBe(201);
        registered.push(body.id as string);
      }
    });
    await eventually(() => expect(changes).toBeGreaterThan(others.length));
    const [rotated] = await Promise.all([system.withKeys(rotateKeys), erase(system.urls, gone)]);
    await system.withKeys(rotateKeys);
    rotation.abort();
    await Promise.all(load);

    expect(rotated.rewrapped).toBeGreaterThanOrEqual(others.length);
    await eventually(async () => {
      const checked = await system.withKeys(checkKeys);
      expect([...checked.byMaster]).toEqual([[newest.id, others.length + registered.length]]);
      expect(checked).toMatchObject({ erased: 1, without: 0, problems: [] });
    });
    // The old one is not needed any more.
    system.masterKeys = [newest];
    await system.expectVerified();
  });

  it('wait for a master key that is missing, which is named, and nothing is lost', async () => {
    await system.start();
    const [ada, bob] = (await persons(2)) as [Person, Person];
    await system.stop();
    const [missing] = system.masterKeys;
    system.masterKeys = [newMasterKey()];
    await system.lose('orders');
    await system.start();

    const refused = await rename(ada.id, 'Refused');
    expect(refused).toMatchObject({ status: 503, body: { detail: `there is no master key ${missing!.id}` } });
    const shown = await get(`${system.url}/accounts/customers/${ada.id}`);
    expect(shown).toMatchObject({ status: 200, body: { name: { lastName: ada.texts['last name'] } } });
    const fresh = await post(`${system.url}/accounts/customers`, customerInput(uniqueWord()));
    expect(fresh.status).toBe(201);
    expect((await get(`${system.url}/orders/customers/${ada.id}`)).status).toBe(404);
    expect(await system.topics()).not.toContainEqual(expect.stringContaining('.dlt'));

    await system.stop();
    system.masterKeys = [...system.masterKeys, missing!];
    await system.start();

    expect((await rename(ada.id, 'Dr')).status).toBe(200);
    await eventually(async () => {
      for (const { id } of [ada, bob]) expect((await get(`${system.url}/orders/customers/${id}`)).status).toBe(200);
    });
    expect(await system.topics()).not.toContainEqual(expect.stringContaining('.dlt'));
  });

  it('stay as a rotation left them that ran during a replay', async () => {
    await system.start();
    await persons(2);
    await system.expectVerified();
    await system.stop();
    const newest = newMasterKey();
    system.masterKeys = [newest, ...system.masterKeys];
    await system.replay('accounts', {}, async () => {
      expect(await system.withKeys(rotateKeys)).toMatchObject({ rewrapped: 2, published: 2 });
    });
    expect([...(await system.withKeys(checkKeys)).byMaster]).toEqual([[newest.id, 2]]);
  });

  it('cannot be used without a master key that is missing, which a verification and a replay say', async () => {
    await system.start();
    await persons(1);
    await system.stop();
    const [missing] = system.masterKeys;
    system.masterKeys = [newMasterKey()];
    for (const context of ['accounts', 'orders']) {
      await expect(system.verify(context)).rejects.toThrow(`there is no master key ${missing!.id}`);
      await expect(system.withRebuilt(context, () => Promise.resolve())).rejects.toThrow(missing!.id);
    }
  });

  it('are published again when their topic was lost, and readers wait for them', async () => {
    await system.start();
    const [ada, gone] = (await persons(2)) as [Person, Person];
    await erase(system.urls, gone);
    await attestationOf(system.urls, gone);
    await system.stop();
    await system.loseTopic(KEYS);
    await system.lose('orders');
    // Without accounts, whose keys a process of both would have at hand.
    await system.start({}, ['orders']);

    const checked = await system.withKeys(checkKeys);
    expect(checked.problems).toEqual([{ id: ada.id, what: 'the topic lacks its key' }]);
    expect((await get(`${system.url}/orders/customers/${ada.id}`)).status).toBe(404);
    expect(await system.topics()).not.toContainEqual(expect.stringContaining('.dlt'));

    expect(await system.withKeys(rotateKeys)).toMatchObject({ rewrapped: 0, made: 0, published: 1, withdrawn: 0 });

    await eventually(async () => {
      expect((await get(`${system.url}/orders/customers/${ada.id}`)).text).toContain(ada.texts['last name']);
      expect((await get(`${system.url}/orders/customers/${gone.id}`)).status).toBe(410);
    });
    expect((await system.withKeys(checkKeys)).problems).toEqual([]);
  });

  it('are not taken for destroyed by a replay when they are lost: the person can be changed again', async () => {
    await system.start({ PERSONAL_DATA: 'clear' });
    const [ada] = (await persons(1)) as [Person];
    await system.stop();
    await system.start({ PERSONAL_DATA: 'sealed' });
    expect((await rename(ada.id, 'Sealed')).status).toBe(200);
    await system.expectVerified();
    await system.stop();
    await system.loseTopic(KEYS);
    await system.lose('accounts');
    await system.withRebuilt('accounts', async ({ stateOf, keyOf }) => {
      expect(await stateOf(ada.id)).toMatchObject({ version: NEWEST, name: { title: `Dr ${NEWEST}` } });
      expect(await keyOf(ada.id)).toBeUndefined();
    });
  });

  it('seal events only where PERSONAL_DATA says so, and it may be changed at any time', async () => {
    await system.start({ PERSONAL_DATA: 'clear' });
    const [clear, stays] = (await persons(2)) as [Person, Person];
    await system.expectVerified();
    await system.stop();
    await system.start({ PERSONAL_DATA: 'sealed' });
    for (const { id } of [clear, stays]) expect((await rename(id, 'Sealed')).status).toBe(200);
    const [sealed] = (await persons(1)) as [Person];
    await system.expectVerified();
    await system.stop();
    await system.start({ PERSONAL_DATA: 'clear' });
    for (const { id } of [clear, stays, sealed]) expect((await rename(id, 'Clear')).status).toBe(200);
    await system.expectVerified();
    await expectRemembered(system.urls, stays);

    for (const { id } of [clear, sealed]) {
      await erase(system.urls, { id });
      const of = await eventually(async () => {
        const { status, body } = await get(`${system.url}/accounts/customers/${id}/erasure`);
        expect({ status, awaited: body?.awaited }).toEqual({ status: 200, awaited: [] });
        return body as { readonly destroyedKey?: string; readonly remaining: readonly { readonly what: string }[] };
      });
      expect(of.destroyedKey).toMatch(/^[0-9a-f]{32}$/);
      const count = id === clear.id ? 7 : 1;
      expect(of.remaining.map(({ what }) => what)).toContainEqual(expect.stringMatching(`^${count} events? in clear`));
    }
    for (const person of [clear, sealed]) await expectForgotten(system.urls, person);
    await expectRemembered(system.urls, stays);
    await system.expectVerified();
  });
});
