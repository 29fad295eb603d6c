import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { get, patch, post } from './support/http.js';
import { MemorySystem } from './support/memory-system.js';
import { attestationOf, erase, newPerson, type Person } from './support/persons.js';
import { customerInput } from './support/requests.js';
import { uniqueWord } from './support/traces.js';

const CUSTOMERS = 'accounts.customer.change';

describe('a database that was restored from before an erasure', () => {
  let system: MemorySystem;
  let gone: Person;
  let stays: Person;
  const backups = new Map<string, Awaited<ReturnType<MemorySystem['backup']>>>();

  beforeEach(async () => {
    system = await MemorySystem.open();
    await system.start();
    [gone, stays] = [await newPerson(system.urls), await newPerson(system.urls)];
    await backUp();
    await erase(system.urls, gone);
    await attestationOf(system.urls, gone);
    await system.settled(CUSTOMERS);
  });

  afterEach(() => system.stop());

  async function backUp(): Promise<void> {
    await system.settled(CUSTOMERS);
    for (const name of ['accounts', 'orders']) backups.set(name, await system.backup(name));
  }

  async function restore(): Promise<void> {
    for (const name of ['accounts', 'orders']) await system.restore(name, backups.get(name) ?? []);
  }

  /** Everything that is answered about a person. */
  async function answersAbout({ id, orders }: Person): Promise<string> {
    const paths = [
      ...['', '?version=1', '/history'].map((rest) => `/accounts/customers/${id}${rest}`),
      ...[`/accounts/customers`, `/orders/customers/${id}`, `/orders?customerId=${id}`],
      ...orders.flatMap((order) => [`/orders/${order}`, `/orders/${order}/history`]),
    ];
    const answers = await Promise.all(paths.map((path) => get(`${system.url}${path}`)));
    return answers.map(({ text }) => text).join('\n');
  }

  async function expectOnlyStays(): Promise<void> {
    const [ofGone, ofStays] = [await answersAbout(gone), await answersAbout(stays)];
    for (const text of Object.values(gone.texts)) expect(ofGone).not.toContain(text);
    for (const text of Object.values(stays.texts)) expect(ofStays).toContain(text);
  }

  it('shows nobody who was erased from the first request on', async () => {
    await system.stop();
    await restore();
    await system.start();
    await expectOnlyStays();
  });

  it('shows nobody who was erased a few seconds after it was restored under a running process', async () => {
    await restore();
    expect(await answersAbout(gone)).toContain(gone.texts.street);
    await eventually(expectOnlyStays, { within: 30_000 });
  });

  it('answers no command of before again with an erased person', async () => {
    const input = customerInput(uniqueWord());
    const key = { 'idempotency-key': randomUUID() };
    const register = () => post(`${system.url}/accounts/customers`, input, key);
    const { body } = await register();
    // The first response is kept once there is a newer state.
    const url = `${system.url}/accounts/customers/${body.id}`;
    expect((await patch(url, { name: { title: 'Dr' } })).status).toBe(200);
    expect((await register()).text).toContain(input.name.lastName);
    await eventually(async () => expect((await get(`${system.url}/orders/customers/${body.id}`)).status).toBe(200));
    await backUp();
    await erase(system.urls, body as { id: string });
    await eventually(async () => expect((await get(`${system.url}/orders/customers/${body.id}`)).status).toBe(410));
    await system.stop();
    await restore();
    await system.start();

    const again = await register();

    expect(again.status).not.toBe(201);
    expect(again.text).not.toContain(input.name.lastName);
  });
});
