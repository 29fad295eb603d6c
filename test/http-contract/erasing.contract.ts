import { describe, expect, it } from '@jest/globals';
import { type Answer, CARD_NUMBERS, expectOffences, expectProblem } from './client.js';
import {
  address,
  card,
  copied,
  customerPath,
  eventually,
  historyOf,
  item,
  passed,
  place,
  register,
  registerAndCopy,
  stated,
  unique,
} from './fixtures.js';
import type { System } from './system.js';

const UNKNOWN = customerPath('00000000-0000-7000-8000-000000000000');

export function erasing(system: () => System): void {
  const client = () => system().client;

  /** A customer of whom every text is marked, who changed and has orders in every status. */
  const livedThrough = async () => {
    const marks = Array.from({ length: 12 }, () => `m${unique()}`);
    const [first, last, email, phone, street, city, zip, nameOnCard, formerName, formerStreet, reason, label] =
      marks as [string, ...string[]];
    const customer = await registerAndCopy(client(), {
      name: { firstName: first, lastName: formerName },
      contact: { email: `${email}@example.com`, primaryPhone: phone },
      addresses: [address('SHIPPING', { address1: formerStreet, postalCode: zip, description: label })],
      creditCards: [{ ...card('PRIMARY', CARD_NUMBERS.amex), nameOnCard }],
    });
    const orders = await Promise.all(['', 'ship', 'cancel', 'ship'].map(() => place(client(), customer.id)));
    const [placedOrder, shippedOrder, cancelledOrder, shippedLater] = orders as [Placed, Placed, Placed, Placed];
    await client().post(`/orders/${shippedOrder.id}/ship`);
    await client().post(`/orders/${cancelledOrder.id}/cancel`, { reason });
    await passed(customer.updatedAt);
    const addresses = [address('SHIPPING', { address1: street, city })];
    const patch = { name: { lastName: last }, addresses };
    const changed = (await client().patch(customerPath(customer.id), patch)).body;
    await copied(client(), customer.id, 2);
    await client().post(`/orders/${shippedLater.id}/ship`);
    const all = { placed: placedOrder, shipped: shippedOrder, cancelled: cancelledOrder, shippedLater };
    return { id: customer.id as string, customer, changed, marks, formerName, orders: all };
  };

  const erased = async () => {
    const { id } = await registerAndCopy(client());
    expect((await client().delete(customerPath(id))).status).toBe(204);
    expectProblem(await copied(client(), id, 2), 410, 'customer-erased');
    return id as string;
  };

  /** Resolves once the customer's data was taken out of an order. */
  const redacted = async (id: string) => {
    let order: Answer['body'];
    await eventually(async () => {
      order = (await client().get(`/orders/${id}`)).body;
      expect(order).toHaveProperty('redactedAt');
    });
    return order;
  };

  describe('erasing a customer', () => {
    it('answers 204 with nothing in it', async () => {
      const { id } = await register(client());
      const answer = await client().delete(customerPath(id));
      expect([answer.status, answer.text]).toEqual([204, '']);
    });

    it('answers 404 where there is none, and 410 the second time', async () => {
      expectProblem(await client().delete(UNKNOWN), 404, 'customer-not-found');
      expectProblem(await client().delete(customerPath(await erased())), 410, 'customer-erased');
    });

    it('honours If-Match', async () => {
      const { id } = await register(client());
      for (const stale of ['"2"', 'W/"1"', '']) {
        expectProblem(await client().delete(customerPath(id), { 'If-Match': stale }), 412, 'stale');
      }
      expect((await client().delete(customerPath(id), { 'If-Match': '"1"' })).status).toBe(204);
    });

    it('is done once when many try at once, whatever changes meanwhile', async () => {
      const { id } = await register(client());
      const path = customerPath(id);
      const [deletions, patches] = await Promise.all([
        Promise.all(Array.from({ length: 5 }, () => client().delete(path))),
        Promise.all(Array.from({ length: 5 }, () => client().patch(path, { name: { title: unique() } }))),
      ]);
      expect(deletions.map(({ status }) => status).sort()).toEqual([204, 410, 410, 410, 410]);
      const changes = patches.filter(({ status }) => status === 200).length;
      expect(patches.filter(({ status }) => status === 410)).toHaveLength(5 - changes);
      const { items } = (await historyOf(client(), path, changes + 2)).body;
      expect(items).toHaveLength(changes + 2);
      expect(items.at(-1).type).toBe('accounts.customer.erased');
    });
  });

  describe('of a customer who was erased', () => {
    it('every route but the history answers 410', async () => {
      const { customer, id } = await livedThrough();
      await client().delete(customerPath(id));
      await copied(client(), id, 3);
      const path = customerPath(id);
      const answers = await Promise.all([
        client().get(path),
        client().get(`${path}?version=1`),
        client().get(`${path}?version=2`),
        client().get(`${path}?version=3`),
        client().get(`${path}?at=${customer.createdAt}`),
        client().get(`${path}?at=9999-12-31T23:59:59Z`),
        client().put(path, stated()),
        client().patch(path, { name: { lastName: 'Back' } }),
        client().delete(path),
        client().put(path, stated(), { 'If-Match': '"1"' }),
        client().patch(path, { name: { lastName: 'Back' } }, { 'If-Match': '"1"' }),
        client().delete(path, { 'If-Match': '"1"' }),
        client().get(`/orders/customers/${id}`),
        client().get(`/orders/customers/${id}?minVersion=1`),
      ]);
      for (const answer of answers) expectProblem(answer, 410, 'customer-erased');
    });

    it('the history is the chain with no person in it', async () => {
      const { id, marks } = await livedThrough();
      await client().delete(customerPath(id));
      const { status, body, text } = await historyOf(client(), customerPath(id), 3);
      expect(status).toBe(200);
      expect(body.items.map(({ version, type }: Answer['body']) => [version, type])).toEqual([
        [1, 'accounts.customer.registered'],
        [2, 'accounts.customer.changed'],
        [3, 'accounts.customer.erased'],
      ]);
      expect(body.items[2].changed).toEqual(['/name', '/contact', '/addresses', '/creditCards']);
      expect(marks.filter((mark) => text.includes(mark))).toEqual([]);
    });

    it('the event says that, and nothing of the person', async () => {
      const { id, marks, customer } = await livedThrough();
      await client().delete(customerPath(id));
      const event = await system().event(id, 3);
      expect(event.data).toEqual({
        customer: { id, version: 3, erased: true, createdAt: customer.createdAt, updatedAt: event.time },
        changed: ['/name', '/contact', '/addresses', '/creditCards'],
      });
      expect(marks.filter((mark) => JSON.stringify(event).includes(mark))).toEqual([]);
    });

    it('no list knows any more, at once', async () => {
      const { id, customer, changed } = await livedThrough();
      const { email } = customer.contact;
      const filters = [`email=${email}`, `lastName=${changed.name.lastName}`, `lastName=${customer.name.lastName}`];
      expect((await client().get(`/accounts/customers?${filters[0]}`)).body.items).toHaveLength(1);
      await client().delete(customerPath(id));
      for (const filter of filters) {
        expect((await client().get(`/accounts/customers?${filter}`)).body).toEqual({ items: [] });
      }
      const newest = await client().get('/accounts/customers?sort=-updatedAt&limit=200');
      expect(newest.body.items.map((each: { id: string }) => each.id)).not.toContain(id);
    });

    it('the orders stay, without the address and the reason', async () => {
      const { id, orders, marks } = await livedThrough();
      await client().delete(customerPath(id));
      const { placed, shipped, cancelled, shippedLater } = orders;
      const expected = (order: Placed, status: string, version: number) => ({
        ...order,
        status,
        version,
        redactedAt: expect.any(String),
        updatedAt: expect.any(String),
      });
      expect(await redacted(placed.id)).toEqual(expected(placed, 'PLACED', 2));
      expect(await redacted(shipped.id)).toEqual(expected(shipped, 'SHIPPED', 3));
      expect(await redacted(cancelled.id)).toEqual(expected(cancelled, 'CANCELLED', 3));
      expect(await redacted(shippedLater.id)).toEqual(expected(shippedLater, 'SHIPPED', 3));
      const { items } = (await historyOf(client(), `/orders/${shipped.id}`, 3)).body;
      expect(items.at(-1)).toMatchObject({ version: 3, type: 'orders.order.redacted' });
      expect(items.at(-1).changed).toEqual(['/shipTo', '/redactedAt']);
      const list = await client().get(`/orders?customerId=${id}`);
      expect(list.body.items).toHaveLength(4);
      expect(marks.filter((mark) => list.text.includes(mark))).toEqual([]);
    });

    it('the event of each order says which event of the customer caused it, and carries its trace', async () => {
      const { id, orders } = await livedThrough();
      const { headers } = await client().delete(customerPath(id));
      const { shipped } = orders;
      await redacted(shipped.id);
      const [erasure, redaction] = [await system().event(id, 3), await system().event(shipped.id, 3)];
      expect([erasure.type, redaction.type]).toEqual(['accounts.customer.erased', 'orders.order.redacted']);
      expect(redaction.causationid).toBe(erasure.id);
      expect(redaction.traceparent).toBe(headers.get('traceparent'));
      expect(erasure).not.toHaveProperty('causationid');
    });

    it('nothing is left in either database', async () => {
      const { id, marks, formerName, orders } = await livedThrough();
      await system().outboxesAreEmpty();
      const before = (await system().tracesOf(marks)).join('\n');
      // Of former states, the histories have the personal part sealed.
      expect(marks.filter((mark) => !before.includes(mark))).toEqual([formerName]);
      await client().delete(customerPath(id));
      await Promise.all(Object.values(orders).map((order) => redacted(order.id)));
      await historyOf(client(), customerPath(id), 3);
      await system().outboxesAreEmpty();
      await eventually(async () => expect(await system().tracesOf(marks)).toEqual([]));
    });

    it('nothing is left of what was answered under idempotency keys, and the keys answer 410', async () => {
      const marks = [`m${unique()}`, `m${unique()}`];
      const [street, reason] = marks as [string, string];
      const key = { 'Idempotency-Key': unique() };
      const input = stated({ addresses: [address('SHIPPING', { address1: street })] });
      const { id } = (await client().post('/accounts/customers', input, key)).body;
      await copied(client(), id, 1);
      const order = { customerId: id, items: [item()] };
      const requests: [string, unknown][] = [['/orders', order]];
      const placedOrders = (await Promise.all(
        ['', 'x'].map(async (suffix) => {
          const { body } = await client().post('/orders', order, { 'Idempotency-Key': unique() + suffix });
          return body;
        }),
      )) as [Placed, Placed];
      requests.push([`/orders/${placedOrders[0].id}/ship`, undefined]);
      requests.push([`/orders/${placedOrders[1].id}/cancel`, { reason }]);
      const firstAnswers: Answer[] = [];
      for (const [path, body] of requests) firstAnswers.push(await client().post(path, body, key));
      expect(firstAnswers.map(({ status }) => status)).toEqual([201, 200, 200]);
      await client().patch(customerPath(id), { name: { title: 'Dr' } });
      await client().delete(customerPath(id));
      const mine = [firstAnswers[0]?.body.id as string, ...placedOrders.map((each) => each.id)];
      await Promise.all(mine.map(redacted));
      expectProblem(await client().post('/accounts/customers', input, key), 410, 'gone');
      for (const [path, body] of requests) expectProblem(await client().post(path, body, key), 410, 'gone');
      await system().outboxesAreEmpty();
      await eventually(async () => expect(await system().tracesOf(marks)).toEqual([]));
    });

    it('no order is placed: 422', async () => {
      const answer = await client().post('/orders', { customerId: await erased(), items: [item()] });
      expectProblem(answer, 422, 'unknown-customer');
      expectOffences(answer, ['/customerId']);
    });

    it('no order is shipped: 422', async () => {
      const { id, orders } = await livedThrough();
      await client().delete(customerPath(id));
      await redacted(orders.placed.id);
      expectProblem(await client().post(`/orders/${orders.placed.id}/ship`), 422, 'no-shipping-address');
    });

    it('an order can still be cancelled, and keeps no reason', async () => {
      const { id, orders } = await livedThrough();
      await client().delete(customerPath(id));
      await redacted(orders.placed.id);
      const reason = unique();
      const { status, body } = await client().post(`/orders/${orders.placed.id}/cancel`, { reason });
      expect([status, body.status, body.cancelReason]).toEqual([200, 'CANCELLED', undefined]);
      await system().outboxesAreEmpty();
      expect(await system().tracesOf([reason])).toEqual([]);
    });

    it('the data is nobody else’s: others with the same keep theirs', async () => {
      const lastName = unique();
      const same = { name: { firstName: 'A', lastName }, addresses: [address('SHIPPING', { address1: unique() })] };
      const [one, other] = await Promise.all([registerAndCopy(client(), same), registerAndCopy(client(), same)]);
      const order = await place(client(), other.id);
      const shipped = (await client().post(`/orders/${order.id}/ship`)).body;
      await client().delete(customerPath(one.id));
      await copied(client(), one.id, 2);
      expect((await client().get(customerPath(other.id))).body).toEqual(other);
      expect((await client().get(`/accounts/customers?lastName=${lastName}`)).body.items).toEqual([other]);
      expect((await client().get(`/orders/${order.id}`)).body).toEqual(shipped);
    });
  });
}

interface Placed {
  readonly id: string;
}
