import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { type Body, type Client, expectOffences, expectProblem } from './client.js';
import {
  copied,
  customerPath,
  eventually,
  item,
  place,
  register,
  registerAndCopy,
  stated,
  unique,
} from './fixtures.js';
import type { System } from './system.js';

const ID = '00000000-0000-7000-8000-000000000000';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const PATCH_TYPE = { 'Content-Type': 'application/merge-patch+json' };

/** Every route: its path, its methods, and those of them that take a body. */
const ROUTES: [path: string, allowed: string[], withBody: string[]][] = [
  ['/accounts/customers', ['GET', 'POST'], ['POST']],
  [customerPath(ID), ['GET', 'PUT', 'PATCH', 'DELETE'], ['PUT', 'PATCH']],
  [`${customerPath(ID)}/history`, ['GET'], []],
  [`${customerPath(ID)}/erasure`, ['GET'], []],
  ['/orders', ['GET', 'POST'], ['POST']],
  [`/orders/${ID}`, ['GET'], []],
  [`/orders/${ID}/ship`, ['POST'], []],
  [`/orders/${ID}/cancel`, ['POST'], ['POST']],
  [`/orders/${ID}/history`, ['GET'], []],
  [`/orders/customers/${ID}`, ['GET'], []],
];
const BODIES = ROUTES.flatMap(([path, , methods]) => methods.map((method) => [method, path] as const));
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const typeFor = (method: string) => (method === 'PATCH' ? PATCH_TYPE : JSON_TYPE);

/** The paths of the OpenAPI document; past the client, for the examples in it may show a card number. */
async function pathsOf({ url }: Client): Promise<Record<string, object>> {
  const response = await fetch(`${url}/openapi.json`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { paths: Record<string, object> }).paths;
}

export function everywhere(system: () => System): void {
  const client = () => system().client;

  describe.each(ROUTES)('%s', (path, allowed) => {
    it.each(METHODS.filter((method) => !allowed.includes(method)))('answers 405 with Allow to %s', async (method) => {
      const answer = await client().send(method, path);
      expectProblem(answer, 405, 'method-not-allowed');
      const allow = (answer.headers.get('allow') ?? '').split(',').map((each) => each.trim());
      expect(allow.filter((each) => each !== 'HEAD').sort()).toEqual([...allowed].sort());
    });

    it.each(allowed)('refuses a query parameter that it does not know, whatever else: %s', async (method) => {
      const answer = await client().send(method, `${path}?verbose=1`, undefined, typeFor(method));
      if (answer.status === 415 || answer.status === 400) return;
      expectOffences(answer, ['/verbose']);
    });
  });

  describe.each(BODIES)('the body of %s %s', (method, path) => {
    const send = (body: Body | undefined, headers = {}) =>
      client().send(method, path, body, { ...typeFor(method), ...headers });

    it.each(['{', '{"a":1', "{'a':1}", '{"a":01}', 'undefined', '\u0000', '{"a":1}}'])(
      'answers 400 where it is not JSON: %j',
      async (body) => {
        expectProblem(await send(body), 400, 'malformed-request');
      },
    );

    it('answers 413 over the limit', async () => {
      const answer = await send(JSON.stringify({ reason: 'x'.repeat(256 * 1024) }));
      expectProblem(answer, 413, 'body-too-large');
    });

    it('answers 413 over the limit once it is unpacked', async () => {
      const body = gzipSync(JSON.stringify({ reason: 'x'.repeat(1024 * 1024) }));
      expectProblem(await send(body, { 'Content-Encoding': 'gzip' }), 413, 'body-too-large');
    });

    it.each([
      ['another media type', { 'Content-Type': 'text/plain' }],
      ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
      ['a charset that JSON does not have', { 'Content-Type': `${typeFor(method)['Content-Type']}; charset=latin1` }],
      ['an encoding that nobody knows', { 'Content-Encoding': 'rot13' }],
    ])('answers 415 for %s', async (_what, headers) => {
      expectProblem(await send('{}', headers), 415, 'unsupported-media-type');
    });

    it('answers 415 where nothing says what it is', async () => {
      const answer = await client().send(method, path, new Blob(['{}']));
      expectProblem(answer, 415, 'unsupported-media-type');
    });

    it('is read with a charset of UTF-8, and packed', async () => {
      const type = `${typeFor(method)['Content-Type']}; charset=UTF-8`;
      const plain = await send('{"unknown":1}', { 'Content-Type': type });
      const packed = await send(gzipSync('{"unknown":1}'), { 'Content-Encoding': 'gzip' });
      for (const { status, body } of [plain, packed]) {
        expect(status).toBe(422);
        expect(body.errors).toContainEqual({ pointer: '/unknown', message: expect.any(String) });
      }
    });
  });

  it('a body with more mistakes than anybody reads is refused with the first hundred', async () => {
    const body = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`unknown${index}`, 1]));
    const answer = await client().post('/accounts/customers', body);
    expect([answer.status, answer.body.errors.length]).toEqual([422, 100]);
  });

  describe('a path that there is not', () => {
    it.each(['/accounts', '/customers', '/Accounts/customers', '/orders/x/y', '/orders/x/ship/now', '/orders//ship'])(
      'answers 404: %s',
      async (path) => {
        expectProblem(await client().get(path), 404, 'not-found');
        expectProblem(await client().post(path, { a: 1 }), 404, 'not-found');
      },
    );

    it.each(['/orders/%E0%A4%A', '/accounts/customers/%', '/orders/customers/%ff'])(
      'answers 400 where it cannot be read: %s',
      async (path) => {
        expectProblem(await client().get(path), 400, 'malformed-request');
      },
    );

    it.each(['%00', '..%2f..', 'x'.repeat(2000), '%F0%9F%98%80', '$where', '__proto__', 'constructor', '~'])(
      'answers 404 for an id that nothing has: %s',
      async (id) => {
        expectProblem(await client().get(customerPath(id)), 404, 'customer-not-found');
        expectProblem(await client().get(`/orders/${id}`), 404, 'order-not-found');
        expectProblem(await client().get(`/orders/customers/${id}`), 404, 'customer-not-found');
        expectProblem(await client().get(`${customerPath(id)}/history`), 404, 'customer-not-found');
      },
    );
  });

  describe('correlation', () => {
    // Of letters only: an id that may contain a card number is not used, and one in two hundred does.
    const trace = () =>
      randomBytes(16)
        .toString('hex')
        .replaceAll(/\d/g, (digit) => 'abcdef'[Number(digit) % 6] as string);

    it('continues a trace: the same trace id and flags, a span of its own', async () => {
      const id = trace();
      for (const path of ['/orders', `/orders/${ID}`, '/nowhere']) {
        const { headers } = await client().get(path, { traceparent: `00-${id}-00f067aa0ba902b7-00` });
        expect(headers.get('traceparent')).toMatch(new RegExp(`^00-${id}-(?!00f067aa0ba902b7)[0-9a-f]{16}-00$`));
      }
    });

    it('carries the trace onto the events that a request leads to, and each its own', async () => {
      const traces = Array.from({ length: 5 }, trace);
      await Promise.all(
        traces.map(async (id) => {
          const traceparent = `00-${id}-00f067aa0ba902b7-01`;
          const registered = await client().post('/accounts/customers', stated(), { traceparent });
          const event = await system().event(registered.body.id, 1);
          expect(event.traceparent).toBe(registered.headers.get('traceparent'));
          await copied(client(), registered.body.id, 1);
          const order = await place(client(), registered.body.id);
          const shipped = await client().post(`/orders/${order.id}/ship`, undefined, { traceparent });
          expect((await system().event(order.id, 2)).traceparent).toBe(shipped.headers.get('traceparent'));
        }),
      );
    });

    it('keeps the trace where the body comes late and in pieces', async () => {
      const id = trace();
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const headers = { ...JSON_TYPE, traceparent: `00-${id}-00f067aa0ba902b7-01` };
      const answered = client().send('POST', '/accounts/customers', readable, headers);
      const writer = writable.getWriter();
      const bytes = Buffer.from(JSON.stringify(stated()));
      await writer.write(bytes.subarray(0, 20));
      await client().get('/orders?limit=1');
      await writer.write(bytes.subarray(20));
      await writer.close();
      const { status, body, headers: answer } = await answered;
      expect(status).toBe(201);
      expect((await system().event(body.id, 1)).traceparent).toBe(answer.get('traceparent'));
      expect(answer.get('traceparent')).toContain(id);
    });

    it.each(['', 'x', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `ff-${'a'.repeat(32)}-00f067aa0ba902b7-01`])(
      'begins a trace where there is none that can be read: %j',
      async (traceparent) => {
        const { headers } = await client().get('/orders?limit=1', { traceparent });
        expect(headers.get('traceparent')).toMatch(/^00-(?!0{32}|a{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      },
    );

    it('echoes X-Request-Id, also with a refusal, and makes one where there is none or a bad one', async () => {
      const sent = `req:${unique()}`;
      expect((await client().get('/nowhere', { 'X-Request-Id': sent })).headers.get('x-request-id')).toBe(sent);
      expect((await client().get('/orders', { 'X-Request-Id': sent })).headers.get('x-request-id')).toBe(sent);
      const bad = ['', 'a b', 'x'.repeat(129), '<script>'];
      const made = await Promise.all(
        bad.map(async (id) => (await client().get('/orders', { 'X-Request-Id': id })).headers.get('x-request-id')),
      );
      expect(made.filter((id) => id === null || bad.includes(id))).toEqual([]);
      expect(new Set(made).size).toBe(bad.length);
    });
  });

  it('the document names every route of both contexts, and what is served is what it says', async () => {
    const documented = Object.entries(await pathsOf(client())).map(([path, operations]) => [
      path.replaceAll(/\{\w+\}/g, ID),
      Object.keys(operations)
        .map((method) => method.toUpperCase())
        .sort(),
    ]);
    expect(documented.sort()).toEqual(ROUTES.map(([path, methods]) => [path, [...methods].sort()]).sort());
    expect((await fetch(`${client().url}/docs/`)).status).toBe(200);
  });

  describe('a process with one context', () => {
    it.each([
      ['accounts', 'orders'],
      ['orders', 'accounts'],
    ])('serves the routes of %s and none of %s, and needs no bus for it', async (own, other) => {
      const alone = await system().startAlone(own);
      try {
        for (const [path, methods] of ROUTES) {
          for (const method of methods) {
            const { status, body } = await alone.client.send(method, path);
            const isServed = body?.type !== 'urn:problem:not-found';
            expect([method, path, isServed, status === 404 && !isServed]).toEqual(
              path.startsWith(`/${own}`) ? [method, path, true, false] : [method, path, false, true],
            );
          }
        }
        const paths = Object.keys(await pathsOf(alone.client));
        expect(paths.filter((path) => path.startsWith(`/${other}`))).toEqual([]);
        expect(paths.filter((path) => path.startsWith(`/${own}`))).not.toEqual([]);
      } finally {
        await alone.stop();
      }
    });
  });

  it('an order and a customer are there for others as soon as they are answered', async () => {
    const { id } = await registerAndCopy(client());
    const orders = await Promise.all(Array.from({ length: 10 }, () => place(client(), id, {}, [item()])));
    for (const order of orders) expect((await client().get(`/orders/${order.id}`)).body).toEqual(order);
    const customer = await register(client());
    await eventually(async () => {
      expect((await client().get(`/orders/customers/${customer.id}`)).body.customer).toEqual(customer);
    });
  });
}
