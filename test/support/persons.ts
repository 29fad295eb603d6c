import { expect } from '@jest/globals';
import { eventually } from '../../src/platform/testing/eventually.js';
import { call, get, patch, post } from './http.js';
import { customerInput, orderInput } from './requests.js';
import { uniqueWord } from './traces.js';

/** Base URLs of the two contexts. */
export interface Urls {
  readonly accounts: string;
  readonly orders: string;
}

/** A customer with orders, and what says who that is. */
export interface Person {
  readonly id: string;
  readonly orders: readonly string[];
  /** What must not be found once the person is erased, by what it is. */
  readonly texts: Readonly<Record<'last name' | 'e-mail' | 'street' | 'reason', string>>;
}

/** The version of a customer who was registered and changed by {@link newPerson}. */
export const NEWEST = 6;

/** Registers a customer, changes it five times, and places three orders: one is shipped, one cancelled with a reason. */
export async function newPerson({ accounts, orders }: Urls): Promise<Person> {
  const texts = { 'last name': uniqueWord(), 'e-mail': uniqueWord(), street: uniqueWord(), reason: uniqueWord() };
  const input = customerInput(texts['last name']);
  const [shipping, billing] = input.addresses;
  const registered = await post(`${accounts}/accounts/customers`, {
    ...input,
    contact: { email: `${texts['e-mail']}@example.com` },
    addresses: [{ ...shipping, address1: `1 ${texts.street}` }, billing],
  });
  expect(registered).toMatchObject({ status: 201 });
  const id = registered.body.id as string;
  for (let change = 2; change <= NEWEST; change += 1) {
    const changed = await patch(`${accounts}/accounts/customers/${id}`, { name: { title: `Dr ${change}` } });
    expect(changed).toMatchObject({ status: 200 });
  }
  const place = async () => {
    const order = { ...orderInput(id), minCustomerVersion: NEWEST };
    const placed = await post(`${orders}/orders`, order, { prefer: 'wait=10' });
    expect(placed).toMatchObject({ status: 201 });
    return placed.body.id as string;
  };
  const placed = [await place(), await place(), await place()];
  const [shipped, cancelled] = placed;
  const sent = await post(`${orders}/orders/${shipped}/ship`);
  expect(sent).toMatchObject({ status: 200, body: { shipTo: { address1: `1 ${texts.street}` } } });
  expect(await post(`${orders}/orders/${cancelled}/cancel`, { reason: texts.reason })).toMatchObject({ status: 200 });
  return { id, orders: placed, texts };
}

/** Erases a customer. */
export async function erase({ accounts }: Pick<Urls, 'accounts'>, { id }: Pick<Person, 'id'>): Promise<void> {
  expect((await call('DELETE', `${accounts}/accounts/customers/${id}`)).status).toBe(204);
}

/** Resolves once orders has confirmed the erasure, and answers with what attests it. */
export function attestationOf({ accounts }: Pick<Urls, 'accounts'>, { id }: Pick<Person, 'id'>) {
  return eventually(async () => {
    const { status, body } = await get(`${accounts}/accounts/customers/${id}/erasure`);
    expect({ status, awaited: body?.awaited }).toEqual({ status: 200, awaited: [] });
    expect(body).toMatchObject({ id, version: NEWEST + 1, confirmations: [{ context: 'orders' }] });
    return body as { readonly destroyedKey?: string; readonly remaining: readonly { readonly what: string }[] };
  });
}

/** Expects that neither context answers with anything of an erased person. */
export async function expectForgotten(urls: Urls, { id, orders, texts }: Person): Promise<void> {
  const answers = [
    await get(`${urls.accounts}/accounts/customers/${id}`),
    await get(`${urls.accounts}/accounts/customers/${id}?version=1`),
    await get(`${urls.orders}/orders/customers/${id}`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([410, 410, 410]);
  const others = [
    await get(`${urls.accounts}/accounts/customers/${id}/history`),
    await get(`${urls.accounts}/accounts/customers?lastName=${texts['last name']}`),
    ...(await Promise.all(orders.map((order) => get(`${urls.orders}/orders/${order}/history`)))),
    ...(await Promise.all(
      orders.map((order) =>
        eventually(async () => {
          const answer = await get(`${urls.orders}/orders/${order}`);
          expect(answer.body.redactedAt).toBeDefined();
          return answer;
        }),
      ),
    )),
  ];
  expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
  for (const { text } of [...answers, ...others]) {
    for (const secret of Object.values(texts)) expect(text).not.toContain(secret);
  }
}

/** Expects that a person who was not erased is answered as ever. */
export async function expectRemembered(urls: Urls, { id, orders: [shipped, cancelled], texts }: Person): Promise<void> {
  const customer = await get(`${urls.accounts}/accounts/customers/${id}`);
  expect(customer.body.name.lastName).toBe(texts['last name']);
  expect((await get(`${urls.accounts}/accounts/customers/${id}?version=1`)).body.name).toMatchObject({
    lastName: texts['last name'],
  });
  expect((await get(`${urls.orders}/orders/customers/${id}`)).text).toContain(texts['last name']);
  expect((await get(`${urls.orders}/orders/${shipped}`)).text).toContain(texts.street);
  expect((await get(`${urls.orders}/orders/${cancelled}`)).text).toContain(texts.reason);
}
