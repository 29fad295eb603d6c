import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type Answer, CARD_NUMBERS, expectOffences, expectProblem } from './client.js';
import { card, copied, customerPath, item, place, registerAndCopy, stated, unique } from './fixtures.js';
import type { System } from './system.js';

interface Post {
  readonly path: string;
  readonly body: unknown;
  /** Another request that could have been made there. */
  readonly other: unknown;
  /** How many there are of what the request is to make one of. */
  readonly effects: () => Promise<number>;
  /** Changes what the request made. */
  readonly moveOn: (made: { id: string }) => Promise<unknown>;
  readonly status: number;
}

export function idempotency(system: () => System): void {
  const client = () => system().client;
  const send = ({ path, body }: Post, key: string) => client().post(path, body, { 'Idempotency-Key': key });
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

  const register = async (): Promise<Post> => {
    const lastName = unique();
    const body = stated({ name: { firstName: 'A', lastName } });
    return {
      path: '/accounts/customers',
      body,
      other: { ...body, addresses: [] },
      status: 201,
      effects: async () => (await client().get(`/accounts/customers?lastName=${lastName}`)).body.items.length,
      moveOn: async ({ id }) => client().patch(customerPath(id), { name: { title: 'Dr' } }),
    };
  };
  const placeOrder = async (): Promise<Post> => {
    const { id: customerId } = await registerAndCopy(client());
    return {
      path: '/orders',
      body: { customerId, items: [item()] },
      other: { customerId, items: [item('2')] },
      status: 201,
      effects: async () => (await client().get(`/orders?customerId=${customerId}`)).body.items.length,
      moveOn: async ({ id }) => client().post(`/orders/${id}/ship`),
    };
  };
  const commandOf = (command: string, body: unknown, other: unknown) => async (): Promise<Post> => {
    const { id: customerId } = await registerAndCopy(client());
    const order = await place(client(), customerId);
    return {
      path: `/orders/${order.id}/${command}`,
      body,
      other,
      status: 200,
      effects: async () => (await client().get(`/orders/${order.id}`)).body.version - 1,
      // Of what is shipped or cancelled only the erasure of the customer makes something else.
      moveOn: () => Promise.resolve(),
    };
  };

  const POSTS: [string, () => Promise<Post>][] = [
    ['POST /accounts/customers', register],
    ['POST /orders', placeOrder],
    ['POST /orders/{id}/ship', commandOf('ship', undefined, undefined)],
    ['POST /orders/{id}/cancel', commandOf('cancel', { reason: 'r' }, { reason: 'other' })],
  ];

  describe.each(POSTS)('an Idempotency-Key on %s', (_route, prepare) => {
    it('replays the first answer, and says so', async () => {
      const post = await prepare();
      const key = unique();
      const first = await send(post, key);
      expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([post.status, null]);
      await post.moveOn(first.body);
      for (let times = 0; times < 2; times += 1) {
        const again = await send(post, key);
        expect([again.status, again.text]).toEqual([post.status, first.text]);
        expect(again.headers.get('idempotency-replayed')).toBe('true');
        for (const name of ['location', 'etag', 'content-type']) {
          expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)]);
        }
      }
      expect(await post.effects()).toBe(1);
    });

    it('is refused with 422 for another body', async () => {
      const post = await prepare();
      if (post.other === undefined) return;
      const key = unique();
      const { text } = await send(post, key);
      expectProblem(await send({ ...post, body: post.other }, key), 422, 'idempotency-key-reused');
      expect((await send(post, key)).text).toBe(text);
      expect(await post.effects()).toBe(1);
    });

    it('has one effect when many come at once: the others are replayed, or refused with 409', async () => {
      const post = await prepare();
      const key = unique();
      const answers = await Promise.all(Array.from({ length: 10 }, () => send(post, key)));
      const done = answers.filter(({ status }) => status === post.status);
      expect(done.length).toBeGreaterThan(0);
      expect(new Set(done.map(({ text }) => text)).size).toBe(1);
      expect(done.filter(({ headers }) => !headers.has('idempotency-replayed'))).toHaveLength(1);
      for (const refused of answers.filter(({ status }) => status !== post.status)) {
        expectProblem(refused, 409, 'request-in-flight');
      }
      expect(await post.effects()).toBe(1);
    });

    it.each([
      ['too long', 'k'.repeat(256)],
      ['empty', ''],
      ['with a blank in it', 'a b'],
      ['not ASCII', 'schlüssel'],
    ])('is refused with 400 where it is %s', async (_what, key) => {
      const post = await prepare();
      expectProblem(await send(post, key), 400, 'invalid-idempotency-key');
      expect(await post.effects()).toBe(0);
    });

    it('may have 255 characters of any that can be seen', async () => {
      const post = await prepare();
      const key = `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~${unique()}`.padEnd(255, 'k');
      const first = await send(post, key);
      expect(first.status).toBe(post.status);
      expect((await send(post, key)).text).toBe(first.text);
    });
  });

  describe('an Idempotency-Key, after the database was lost and rebuilt from the log,', () => {
    const CREATIONS: [string, string, () => Promise<Post>][] = [
      ['POST /accounts/customers', 'accounts', register],
      ['POST /orders', 'orders', placeOrder],
    ];
    it.each(CREATIONS)('still replays the first answer of %s', async (_route, module, prepare) => {
      const post = await prepare();
      const key = unique();
      const first = await send(post, key);
      await system().rebuiltFromLog(module, first.body.id);
      for (let times = 0; times < 2; times += 1) {
        const again = await send(post, key);
        expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([post.status, 'true']);
        expect(again.text).toBe(first.text);
        expect(again.headers.get('location')).toBe(first.headers.get('location'));
      }
      expect(await post.effects()).toBe(1);
    });

    it.each(CREATIONS)('answers what %s created as it is now, if that has changed', async (_route, module, prepare) => {
      const post = await prepare();
      const key = unique();
      const { body: first } = await send(post, key);
      await post.moveOn(first);
      await system().rebuiltFromLog(module, first.id);
      const again = await send(post, key);
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([post.status, 'true']);
      expect([again.headers.get('etag'), again.body]).toEqual(['"2"', { ...again.body, id: first.id, version: 2 }]);
      expect(await post.effects()).toBe(1);
    });

    it('is 410 where the customer was erased', async () => {
      const post = await register();
      const key = unique();
      const { id } = (await send(post, key)).body;
      await client().delete(customerPath(id));
      await system().rebuiltFromLog('accounts', id);
      expectProblem(await send(post, key), 410, 'customer-erased');
      expect(await post.effects()).toBe(0);
    });

    it.each([
      ['ship', undefined],
      ['cancel', { reason: 'r' }],
    ])('does not %s an order twice: that is a conflict', async (command, body) => {
      const post = await commandOf(command, body, undefined)();
      const key = unique();
      const first = await send(post, key);
      expect(first.status).toBe(200);
      await system().rebuiltFromLog('orders', first.body.id);
      expectProblem(await send(post, key), 409, 'wrong-status');
      expect(await post.effects()).toBe(1);
    });
  });

  describe('an Idempotency-Key', () => {
    it('is the same one with a slash at the end of the path', async () => {
      const key = unique();
      const post = await register();
      const { text } = await send(post, key);
      const again = await send({ ...post, path: `${post.path}/` }, key);
      expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([text, 'true']);
    });

    it('belongs to its path: elsewhere it is another one', async () => {
      const key = unique();
      const { id } = (await send(await register(), key)).body;
      await copied(client(), id, 1);
      const posts = [await placeOrder(), await commandOf('cancel', {}, {})(), await commandOf('ship', {}, {})()];
      const answers = await Promise.all(posts.map((post) => send(post, key)));
      expect(answers.map(({ status, headers }) => [status, headers.get('idempotency-replayed')])).toEqual([
        [201, null],
        [200, null],
        [200, null],
      ]);
      expect(sum(await Promise.all(posts.map(({ effects }) => effects())))).toBe(3);
    });

    it('means the same request however the members of its body are ordered', async () => {
      const post = await register();
      const key = unique();
      const { text } = await send(post, key);
      const reversed = Object.fromEntries(Object.entries(post.body as object).reverse());
      expect((await send({ ...post, body: reversed }, key)).text).toBe(text);
    });

    it('of a request that failed is free for another', async () => {
      const key = unique();
      const post = await register();
      const { name: _, ...wrong } = post.body as { name: unknown };
      expectOffences(await send({ ...post, body: wrong }, key), ['/name']);
      const twoOfAType = {
        ...(post.body as object),
        creditCards: [{ type: 'PRIMARY', expiration: '01/30', nameOnCard: 'A' }],
      };
      expectOffences(await send({ ...post, body: twoOfAType }, key), ['/creditCards/0/number']);
      expect((await send(post, key)).status).toBe(201);

      const order = await placeOrder();
      const unknown = { ...(order.body as object), customerId: randomUUID() };
      expectProblem(await send({ ...order, body: unknown }, key), 422, 'unknown-customer');
      const later = { ...(order.body as object), minCustomerVersion: 2 };
      expectProblem(await send({ ...order, body: later }, key), 503, 'unavailable');
      expect((await send(order, key)).status).toBe(201);
    });

    it('of an order replays the order as it was placed, whatever became of it', async () => {
      const post = await placeOrder();
      const key = unique();
      const placed = await send(post, key);
      const { id, customerId } = placed.body;
      await client().post(`/orders/${id}/ship`, undefined, { 'Idempotency-Key': key });
      await client().patch(customerPath(customerId), { addresses: [] });
      await copied(client(), customerId, 2);
      const again = await send(post, key);
      expect([again.status, again.headers.get('etag'), again.text]).toEqual([201, '"1"', placed.text]);
    });

    it('is asked before If-Match: a retry is not stale by its own first try', async () => {
      const { id: customerId } = await registerAndCopy(client());
      const order = await place(client(), customerId);
      const headers = { 'Idempotency-Key': unique(), 'If-Match': '"1"' };
      const answers: Answer[] = [];
      for (let times = 0; times < 2; times += 1) {
        answers.push(await client().post(`/orders/${order.id}/ship`, undefined, headers));
      }
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(answers[1]?.text).toBe(answers[0]?.text);
    });

    it('leaves no digest of a request with a card number in it, from which that could be found out', async () => {
      const key = unique();
      const body = stated({ creditCards: [card('PRIMARY', CARD_NUMBERS.visa)] });
      const { id } = (await send({ ...(await register()), body }, key)).body;
      const traces = await system().tracesOf([id]);
      expect(traces.join()).toContain('"request"');
      const everything = [...traces, JSON.stringify(await system().event(id, 1))].join();
      for (const digest of digestsOf(body)) expect(everything).not.toContain(digest);
    });

    it('means another request where the card is another one', async () => {
      const key = unique();
      const post = { ...(await register()), body: stated({ creditCards: [card('PRIMARY', CARD_NUMBERS.visa)] }) };
      const { text } = await send(post, key);
      const other = { ...post.body, creditCards: [card('PRIMARY', CARD_NUMBERS.mastercard)] };
      expectProblem(await send({ ...post, body: other }, key), 422, 'idempotency-key-reused');
      expect((await send(post, key)).text).toBe(text);
    });

    it('of an erased customer leaves nothing of the request', async () => {
      const key = unique();
      const post = await register();
      const { id } = (await send(post, key)).body;
      const remembered = /"request":"([^"]+)"/.exec((await system().tracesOf([id])).join())?.[1];
      expect(await system().tracesOf([remembered as string])).toHaveLength(1);
      await client().delete(customerPath(id));
      expect(await system().tracesOf([remembered as string])).toEqual([]);
      expectProblem(await send(post, key), 410, 'gone');
    });

    it('is neither stored nor published as it is', async () => {
      const key = `key-${unique()}`;
      const { id } = (await send(await register(), key)).body;
      expect(JSON.stringify(await system().event(id, 1))).not.toContain(key);
      expect(await system().tracesOf([key])).toEqual([]);
    });
  });
}

/** Digests of a request in the forms that somebody would try who knows all of it but the card number. */
function digestsOf(body: object): string[] {
  const sorted = JSON.stringify(body, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  const texts = [JSON.stringify(body), sorted, CARD_NUMBERS.visa];
  return texts.flatMap((text) =>
    ['sha1', 'sha256', 'sha512'].flatMap((algorithm) =>
      (['hex', 'base64', 'base64url'] as const).map((encoding) =>
        createHash(algorithm).update(text).digest(encoding).replace(/=+$/, ''),
      ),
    ),
  );
}
