import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, expectOffences, expectProblem } from './client.js';
import { copied, customerPath, item, nextLink, pagesOf, passed, place, register, registerAndCopy } from './fixtures.js';
import type { System } from './system.js';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

export function waiting(system: () => System): void {
  const client = () => system().client;

  describe("orders' own copy of a customer", () => {
    it('is the customer without the cards, its version, and no orders yet', async () => {
      const { creditCards: _, ...customer } = await registerAndCopy(client(), { creditCards: [] });
      const { status, body } = await client().get(`/orders/customers/${customer.id}`);
      expect([status, body]).toEqual([200, { customer, customerVersion: 1, orders: [] }]);
    });

    it('answers 404 for a customer whom orders does not know', async () => {
      expectProblem(await client().get(`/orders/customers/${UNKNOWN}`), 404, 'customer-not-found');
    });

    it('keeps up with many changes that come fast', async () => {
      const { id } = await register(client());
      await Promise.all(
        Array.from({ length: 30 }, (_, index) => client().patch(customerPath(id), { name: { title: `t${index}` } })),
      );
      const { body } = await copied(client(), id, 31);
      expect(body.customer).toEqual((await client().get(customerPath(id))).body);
    });

    it.each(['0', '-1', '1.5', 'x', ''])('refuses minVersion=%j', async (minVersion) => {
      expectOffences(await client().get(`/orders/customers/${UNKNOWN}?minVersion=${minVersion}`), ['/minVersion']);
    });
  });

  /** Both ways to ask for a version of the copy. */
  const ASKING: [string, (id: string, version: number, prefer?: string) => Promise<Answer>][] = [
    [
      'GET /orders/customers/{id}?minVersion=N',
      (id, version, prefer) =>
        client().get(`/orders/customers/${id}?minVersion=${version}`, prefer === undefined ? {} : { Prefer: prefer }),
    ],
    [
      'POST /orders with minCustomerVersion',
      (customerId, minCustomerVersion, prefer) =>
        client().post(
          '/orders',
          { customerId, minCustomerVersion, items: [item()] },
          prefer === undefined ? {} : { Prefer: prefer },
        ),
    ],
  ];

  describe.each(ASKING)('%s', (_how, ask) => {
    it('reads what was written a moment ago', async () => {
      const { id } = await register(client());
      expect((await ask(id, 1, 'wait=10')).status).toBeLessThan(300);
    });

    it('is answered when the version comes in time', async () => {
      const { id } = await registerAndCopy(client());
      const asked = ask(id, 2, 'respond-async, wait=10');
      await client().patch(customerPath(id), { name: { title: 'Dr' } });
      expect((await asked).status).toBeLessThan(300);
    });

    it('is answered at once where the version is there already', async () => {
      const { id } = await registerAndCopy(client());
      expect((await ask(id, 1)).status).toBeLessThan(300);
    });

    it('answers 503 with Retry-After when it does not come in time, and at once without the header', async () => {
      const { id } = await registerAndCopy(client());
      const answered: string[] = [];
      const note = async (name: string, prefer?: string) => {
        const answer = await ask(id, 2, prefer);
        answered.push(name);
        expectProblem(answer, 503, 'unavailable');
        expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      };
      const started = performance.now();
      await Promise.all([note('waits', 'wait=1'), note('does not')]);
      expect(answered).toEqual(['does not', 'waits']);
      expect(performance.now() - started).toBeGreaterThan(950);
    });

    it('answers 503 for a customer of whom nothing has come yet', async () => {
      expectProblem(await ask(UNKNOWN, 1), 503, 'unavailable');
    });

    it.each(['wait', 'wait=', 'wait=soon', 'wait=-1', 'handling=lenient'])(
      'does not wait for what it cannot read: %j',
      async (prefer) => {
        expectProblem(await ask(UNKNOWN, 1, prefer), 503, 'unavailable');
      },
    );
  });

  describe("a customer's orders", () => {
    let customerId = '';
    /** Oldest first. */
    const orders: { id: string; createdAt: string }[] = [];
    beforeAll(async () => {
      customerId = (await registerAndCopy(client())).id;
      for (let index = 0; index < 5; index += 1) {
        orders.push(await place(client(), customerId));
        await passed(orders.at(-1)?.createdAt ?? '');
      }
      const [first, second] = orders as [(typeof orders)[0], (typeof orders)[0]];
      orders[0] = (await client().post(`/orders/${first.id}/ship`)).body;
      orders[1] = (await client().post(`/orders/${second.id}/cancel`)).body;
    });

    it('are with their copy of the customer, newest first', async () => {
      const { body } = await client().get(`/orders/customers/${customerId}`);
      expect([body.customer.id, body.customerVersion, body.next]).toEqual([customerId, 1, undefined]);
      expect(body.orders).toEqual([...orders].reverse());
    });

    it.each([1, 2, 3, 4, 5, 6])('come with it in pages of %d, each once', async (limit) => {
      const pages = await pagesOf(client(), `/orders/customers/${customerId}?limit=${limit}`, 'orders');
      expect(pages).toHaveLength(Math.ceil(5 / limit));
      expect(pages.flatMap(({ body }) => body.orders)).toEqual([...orders].reverse());
      for (const { body } of pages) expect(body.customerVersion).toBe(1);
    });

    it('go on where Link leads, whatever is placed meanwhile', async () => {
      const { id } = await registerAndCopy(client());
      const first = await place(client(), id);
      await passed(first.createdAt);
      const second = await place(client(), id);
      const page = await client().get(`/orders/customers/${id}?limit=1`);
      await passed(second.createdAt);
      await place(client(), id);
      const next = await client().get(nextLink(page));
      expect([page.body.orders, next.body.orders]).toEqual([[second], [first]]);
    });

    it.each(['createdAt', '-createdAt', 'updatedAt', '-updatedAt', '-updatedAt,createdAt', 'createdAt,-updatedAt'])(
      'are in the list of orders by %s, in pages of any size',
      async (sort) => {
        const path = `/orders?customerId=${customerId}&sort=${sort}`;
        const { items } = (await client().get(path)).body;
        expect(items).toHaveLength(5);
        const [field, direction] = sort.startsWith('-') ? [sort.slice(1), -1] : [sort, 1];
        const times = items.map((order: Record<string, string>) => order[field.split(',')[0] as string]);
        expect(times).toEqual(direction === 1 ? [...times].sort() : [...times].sort().reverse());
        for (const limit of [1, 2, 3, 4, 5]) {
          const pages = await pagesOf(client(), `${path}&limit=${limit}`);
          expect(pages.flatMap(({ body }) => body.items)).toEqual(items);
        }
      },
    );

    it.each([
      ['SHIPPED', [0]],
      ['CANCELLED', [1]],
      ['PLACED', [2, 3, 4]],
    ])('are in the list of orders by status: %s', async (status, which) => {
      const { items } = (await client().get(`/orders?customerId=${customerId}&status=${status}`)).body;
      expect(items).toEqual(which.map((index) => orders[index]));
      const newest = await client().get(`/orders?status=${status}&sort=-createdAt&limit=200`);
      for (const order of newest.body.items) expect(order.status).toBe(status);
      expect(newest.body.items).toEqual(expect.arrayContaining(items));
    });

    it.each(['LOST', 'placed', ''])('are not found by status %j: 422', async (status) => {
      expectOffences(await client().get(`/orders?status=${status}`), ['/status']);
    });

    it('are none for a customer whom nobody knows', async () => {
      expect((await client().get(`/orders?customerId=${UNKNOWN}`)).body).toEqual({ items: [] });
    });

    it("refuse another list's cursor", async () => {
      const { next } = (await client().get(`/orders/customers/${customerId}?limit=1`)).body;
      const other = await registerAndCopy(client());
      for (const path of [`/orders/customers/${other.id}?`, '/orders?', `/orders?customerId=${customerId}&`]) {
        expectProblem(await client().get(`${path}cursor=${next}`), 400, 'invalid-cursor');
      }
    });
  });
}
