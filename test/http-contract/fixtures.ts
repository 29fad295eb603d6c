import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { type Answer, CARD_NUMBERS, type Client, type RequestHeaders } from './client.js';

/** Text that nothing else has. */
export function unique(): string {
  return randomUUID().slice(0, 13);
}

/** Longer than a consumer group takes to notice that a process of another spec was killed. */
const PATIENCE_MS = 45_000;

/** Looks until it holds, and then says why not. */
export async function eventually(holds: () => unknown, patience = PATIENCE_MS): Promise<void> {
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      await holds();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(10);
  }
}

/** Waits until the clock has left a time behind. */
export function passed(time: string): Promise<void> {
  return eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(time)));
}

export function address(type: string, difference: object = {}) {
  return { type, address1: '1 Main St', city: 'Springfield', state: 'IL', postalCode: '62701', ...difference };
}

export function card(type = 'PRIMARY', number: string = CARD_NUMBERS.visa) {
  return { type, number, expiration: '12/30', nameOnCard: 'Ada Lovelace' };
}

/** A customer as a client states one. */
export function stated(difference: object = {}) {
  return {
    name: { firstName: 'Ada', lastName: 'Lovelace' },
    contact: { email: `${unique()}@example.com` },
    addresses: [address('SHIPPING')],
    ...difference,
  };
}

export function customerPath(id: string): string {
  return `/accounts/customers/${id}`;
}

/** Registers a customer and answers it. */
export async function register(client: Client, difference: object = {}) {
  const { status, body } = await client.post('/accounts/customers', stated(difference));
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

/** Resolves once orders has heard of a version of a customer. */
export async function copied(client: Client, id: string, version: number): Promise<Answer> {
  let answer: Answer | undefined;
  await eventually(async () => {
    answer = await client.get(`/orders/customers/${id}?minVersion=${version}`, { Prefer: 'wait=10' });
    expect([200, 410]).toContain(answer.status);
  });
  return answer!;
}

/** Resolves with an aggregate's history once it has recorded so many changes; a read waits two seconds for them. */
export async function historyOf(client: Client, path: string, changes: number): Promise<Answer> {
  let answer: Answer | undefined;
  await eventually(async () => {
    answer = await client.get(`${path}/history`);
    expect(answer.body.items.length).toBeGreaterThanOrEqual(changes);
  });
  return answer!;
}

/** A customer whom orders knows. */
export async function registerAndCopy(client: Client, difference: object = {}) {
  const customer = await register(client, difference);
  await copied(client, customer.id, customer.version);
  return customer;
}

export function item(amount = '19.99', quantity = 1, currency = 'USD') {
  return { product: { id: 'p-1', title: 'Notebook', price: { amount, currency } }, quantity };
}

/** Places an order and answers it. */
export async function place(client: Client, customerId: string, headers: RequestHeaders = {}, items = [item()]) {
  const { status, body } = await client.post('/orders', { customerId, items }, headers);
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

/** Follows `next` to the end of a list. `member` is the one that holds the items. */
export async function pagesOf(client: Client, path: string, member = 'items'): Promise<Answer[]> {
  const pages: Answer[] = [];
  for (let next: string | undefined = ''; next !== undefined;) {
    const cursor: string = next === '' ? '' : `${path.includes('?') ? '&' : '?'}cursor=${next}`;
    const page = await client.get(path + cursor);
    expect({ status: page.status, body: page.body }).toMatchObject({
      status: 200,
      body: { [member]: expect.any(Array) },
    });
    expect(page.headers.has('link')).toBe(page.body.next !== undefined);
    pages.push(page);
    next = page.body.next;
  }
  return pages;
}

/** Where `Link: <...>; rel="next"` leads. */
export function nextLink(answer: Answer): string {
  return /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1] ?? 'no link';
}
