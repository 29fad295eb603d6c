import { describe, expect, it } from '@jest/globals';
import { expectOffences, expectProblem } from './client.js';
import { address, copied, customerPath, item, place, registerAndCopy, stated } from './fixtures.js';
import type { System } from './system.js';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

export function ordering(system: () => System): void {
  const client = () => system().client;
  const post = (body: unknown) => client().post('/orders', body);
  /** An order, placed by a customer whom orders knows. */
  const placed = async (difference: object = {}) => {
    const customer = await registerAndCopy(client(), difference);
    return { customer, order: await place(client(), customer.id) };
  };

  describe('placing an order', () => {
    it('answers 201 with Location, ETag "1" and the order, which can be read there', async () => {
      const { id: customerId } = await registerAndCopy(client());
      const items = [
        {
          product: { id: 'p', title: 't', description: 'd', price: { amount: '19.99', currency: 'EUR' } },
          quantity: 3,
        },
        item('0.01', 1, 'EUR'),
      ];
      const answer = await post({ customerId, items });
      expect([answer.status, answer.headers.get('etag')]).toEqual([201, '"1"']);
      expect(answer.body).toEqual({
        id: expect.any(String),
        version: 1,
        customerId,
        status: 'PLACED',
        items,
        total: { amount: '59.98', currency: 'EUR' },
        createdAt: expect.stringMatching(/Z$/),
        updatedAt: answer.body.createdAt,
      });
      expect(answer.headers.get('location')).toBe(`/orders/${answer.body.id}`);
      const read = await client().get(`/orders/${answer.body.id}`);
      expect([read.status, read.headers.get('etag'), read.body]).toEqual([200, '"1"', answer.body]);
    });

    it.each([
      [[['0.1', 3]], '0.3'],
      [
        [
          ['0.1', 1],
          ['0.2', 1],
        ],
        '0.3',
      ],
      [[['19.90', 1]], '19.90'],
      [[['1.005', 1_000_000]], '1005000.000'],
      [[['999999999999.9999', 1_000_000]], '999999999999999900.0000'],
      [[['0', 7]], '0'],
      [
        [
          ['900719925474', 10_000],
          ['0.0001', 1],
        ],
        '9007199254740000.0001',
      ],
    ])('sums exactly: %j', async (lines, amount) => {
      const { id } = await registerAndCopy(client());
      const items = lines.map(([price, quantity]) => item(price as string, quantity as number));
      const order = await place(client(), id, {}, items);
      expect(order.total).toEqual({ amount, currency: 'USD' });
    });

    it('refuses more than one currency and names each item of another', async () => {
      const { id: customerId } = await registerAndCopy(client());
      const items = [item('1', 1, 'USD'), item('1', 1, 'EUR'), item('1', 1, 'USD'), item('1', 1, 'GBP')];
      const answer = await post({ customerId, items });
      expectProblem(answer, 422, 'invalid-order');
      expectOffences(answer, ['/items/1/product/price/currency', '/items/3/product/price/currency']);
    });

    it('refuses a customer whom orders does not know', async () => {
      const answer = await post({ customerId: UNKNOWN, items: [item()] });
      expectProblem(answer, 422, 'unknown-customer');
      expectOffences(answer, ['/customerId']);
    });

    it('is refused with every wrong field named at once', async () => {
      const product = { id: '', title: 'x'.repeat(201), price: { amount: 19.99, currency: 'usd', vat: '1' }, sku: 1 };
      const wrong = {
        customerId: 5,
        items: [{ product, quantity: 0 }, { quantity: 1.5 }],
        note: 'x',
        status: 'SHIPPED',
      };
      expectOffences(await post({ ...wrong, minCustomerVersion: '1' }), [
        '/customerId',
        '/items/0/product/id',
        '/items/0/product/title',
        '/items/0/product/price/amount',
        '/items/0/product/price/currency',
        '/items/0/product/price/vat',
        '/items/0/product/sku',
        '/items/0/quantity',
        '/items/1/product',
        '/items/1/quantity',
        '/note',
        '/status',
        '/minCustomerVersion',
      ]);
    });

    it.each(['-1', '+1', '01', '.5', '1.', '1.23456', '1e3', '1,5', '', ' 1', 'NaN', '1234567890123'])(
      'refuses the amount %j',
      async (amount) => {
        const answer = await post({ customerId: 'c', items: [item(amount)] });
        expectOffences(answer, ['/items/0/product/price/amount']);
      },
    );

    it.each([
      ['no items', { customerId: 'c', items: [] }, ['/items']],
      ['nothing', {}, ['/customerId', '/items']],
      ['too many of one', { customerId: 'c', items: [item('1', 1_000_001)] }, ['/items/0/quantity']],
      ['201 items', { customerId: 'c', items: Array(201).fill(item()) }, ['/items']],
    ])('refuses %s', async (_what, body, pointers) => {
      expectOffences(await post(body), pointers);
    });
  });

  describe('shipping an order', () => {
    it('stamps the shipping address held now and the version of the copy that it is from', async () => {
      const { customer, order } = await placed();
      const moved = address('SHIPPING', { city: 'London', country: 'GB' });
      await client().patch(customerPath(customer.id), { addresses: [address('BILLING'), moved] });
      await copied(client(), customer.id, 2);
      const answer = await client().post(`/orders/${order.id}/ship`);
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"2"']);
      expect(answer.body).toEqual({
        ...order,
        version: 2,
        status: 'SHIPPED',
        shipTo: { ...moved, customerVersion: 2 },
        updatedAt: expect.any(String),
      });
      expect((await client().get(`/orders/${order.id}`)).body).toEqual(answer.body);
    });

    it('is not changed by what becomes of the address afterwards', async () => {
      const { customer, order } = await placed();
      const shipped = await client().post(`/orders/${order.id}/ship`);
      await client().patch(customerPath(customer.id), { addresses: [] });
      await copied(client(), customer.id, 2);
      expect((await client().get(`/orders/${order.id}`)).body).toEqual(shipped.body);
    });

    it.each([
      ['none at all', []],
      ['a billing address alone', [address('BILLING')]],
    ])('answers 422 no-shipping-address where the customer has %s', async (_what, addresses) => {
      const { order } = await placed({ addresses });
      expectProblem(await client().post(`/orders/${order.id}/ship`), 422, 'no-shipping-address');
      expect((await client().get(`/orders/${order.id}`)).body).toEqual(order);
    });

    it('works once the customer has got an address', async () => {
      const { customer, order } = await placed({ addresses: [] });
      expectProblem(await client().post(`/orders/${order.id}/ship`), 422, 'no-shipping-address');
      await client().put(customerPath(customer.id), stated());
      await copied(client(), customer.id, 2);
      const { body } = await client().post(`/orders/${order.id}/ship`);
      expect(body.shipTo).toEqual({ ...address('SHIPPING'), country: 'US', customerVersion: 2 });
    });
  });

  describe('cancelling an order', () => {
    it.each([
      ['with a reason', { reason: 'ordered twice' }, { cancelReason: 'ordered twice' }],
      ['with an empty body', {}, {}],
      ['with no body', undefined, {}],
    ])('answers 200 and the order: %s', async (_how, body, more) => {
      const { order } = await placed();
      const answer = await client().post(`/orders/${order.id}/cancel`, body);
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"2"']);
      const updatedAt = expect.any(String);
      expect(answer.body).toEqual({ ...order, version: 2, status: 'CANCELLED', ...more, updatedAt });
      expect((await client().get(`/orders/${order.id}`)).body).toEqual(answer.body);
    });

    it.each([
      ['a wrong type', { reason: 5 }, ['/reason']],
      ['a text too long', { reason: 'x'.repeat(501) }, ['/reason']],
      ['fields that are not known', { reason: 'x', why: 'y', status: 'PLACED' }, ['/why', '/status']],
      ['null', null, ['']],
    ])('is refused with %s', async (_what, body, pointers) => {
      const { order } = await placed();
      expectOffences(await client().post(`/orders/${order.id}/cancel`, body), pointers);
      expect((await client().get(`/orders/${order.id}`)).body).toEqual(order);
    });
  });

  describe.each([
    ['ship', 'ship'],
    ['ship', 'cancel'],
    ['cancel', 'ship'],
    ['cancel', 'cancel'],
  ])('after %s', (first, second) => {
    it(`${second} answers 409 and changes nothing`, async () => {
      const { order } = await placed();
      const { status, body } = await client().post(`/orders/${order.id}/${first}`);
      expect(status).toBe(200);
      expectProblem(await client().post(`/orders/${order.id}/${second}`), 409, 'wrong-status');
      expect((await client().get(`/orders/${order.id}`)).body).toEqual(body);
    });
  });

  describe.each(['ship', 'cancel'])('%s', (command) => {
    it('answers 404 where there is no such order', async () => {
      expectProblem(await client().post(`/orders/${UNKNOWN}/${command}`), 404, 'order-not-found');
    });

    it('answers 412 for an If-Match that is stale, and is done for one that is not', async () => {
      const { order } = await placed();
      const path = `/orders/${order.id}/${command}`;
      for (const stale of ['"2"', 'W/"1"', '1', '']) {
        expectProblem(await client().post(path, undefined, { 'If-Match': stale }), 412, 'stale');
      }
      expect((await client().post(path, undefined, { 'If-Match': '"1"' })).status).toBe(200);
    });

    it('takes an If-Match that names any version', async () => {
      const { order } = await placed();
      const answer = await client().post(`/orders/${order.id}/${command}`, undefined, { 'If-Match': '*' });
      expect(answer.status).toBe(200);
    });
  });

  it('one of many that ship and cancel an order at once succeeds, the others answer 409', async () => {
    const { order } = await placed();
    const commands = ['ship', 'cancel', 'ship', 'cancel', 'ship', 'cancel'];
    const answers = await Promise.all(commands.map((command) => client().post(`/orders/${order.id}/${command}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await client().get(`/orders/${order.id}`)).body).toEqual(winner?.body);
  });

  it('reading an order that is not there answers 404', async () => {
    expectProblem(await client().get(`/orders/${UNKNOWN}`), 404, 'order-not-found');
  });
}
