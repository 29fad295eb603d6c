import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DestinationStream, pino } from 'pino';
import { inMemory } from '../src/platform/process/backends.js';
import { CONTEXTS } from '../src/contexts.js';
import { documentsOf } from '../src/platform/process/documents.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import type { Readiness } from '../src/platform/operating/health.js';
import { Process } from '../src/platform/process/process.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { call, get, openRequest, type Sent } from './support/http.js';
import { customerInput, orderInput } from './support/requests.js';
import { inSeconds, TokenIssuer } from '../src/platform/testing/token-issuer.js';

const { openApi } = documentsOf(CONTEXTS, 1);
const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { security = [] }]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path: path.replaceAll(/\{\w+\}/g, 'nobody'),
    scope: Object.values(security[0] ?? {})
      .flat()
      .join(' '),
  })),
);
const EVERY_SCOPE = ['customers:read', 'customers:write', 'orders:read', 'orders:write'];

describe('with AUTH_MODE=jwt', () => {
  const lines: string[] = [];
  let issuer: TokenIssuer;
  let running: Process;
  let url: string;

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, ACCESS_LOG_SAMPLE: 1, ...issuer.settings });
    const logger = pino({ level: 'info' }, { write: (line) => lines.push(line) } as DestinationStream);
    running = new Process(config, CONTEXTS, inMemory(logger), logger);
    await running.start();
    await running.joined();
    url = `http://127.0.0.1:${running.ports.port}`;
  });

  afterAll(async () => {
    await running.stop();
    await issuer.stop();
    // Neither a token nor any part of one; each begins so, because it is the beginning of JSON.
    expect(lines.filter((line) => line.includes('eyJ'))).toEqual([]);
    expect(lines.filter((line) => JSON.parse(line).level > 40)).toEqual([]);
  });

  async function send(method: string, path: string, sent: Sent = {}) {
    const answer = await call(method, url + path, sent);
    expect(answer.status).not.toBe(500);
    if (answer.status >= 400 && method !== 'HEAD') {
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.body.status).toBe(answer.status);
    }
    return answer;
  }
  const challenge = async (method: string, path: string, sent: Sent = {}) => {
    const { status, headers } = await send(method, path, sent);
    return [status, headers.get('www-authenticate')];
  };
  const withScope = async (scope: string, sub = 'ann') => ({ headers: await issuer.bearer(scope, sub) });

  describe.each(operations)('$name', ({ method, path, scope }) => {
    it('answers 401 without a token', async () => {
      expect(await challenge(method, path)).toEqual([401, 'Bearer realm="accounts-orders"']);
    });

    it('answers 401 to a token that is not valid, and says why', async () => {
      const headers = { authorization: `Bearer ${await issuer.sign({ scope, exp: inSeconds(-3600) })}` };
      const why = 'error="invalid_token", error_description="the token has expired"';
      expect(await challenge(method, path, { headers })).toEqual([401, `Bearer realm="accounts-orders", ${why}`]);
    });

    it('answers 403 to a token with every scope but its own, and names that', async () => {
      const others = EVERY_SCOPE.filter((each) => each !== scope);
      expect(others).toHaveLength(3);
      const why = `error="insufficient_scope", scope="${scope}"`;
      const expected = [403, `Bearer realm="accounts-orders", ${why}`];
      expect(await challenge(method, path, await withScope(others.join(' ')))).toEqual(expected);
    });

    it('goes on with its own scope', async () => {
      const { status } = await send(method, path, await withScope(scope));
      expect([200, 404, 415]).toContain(status);
    });

    it('says nothing of a body or a query before it knows who asks', async () => {
      const headers = { 'content-type': 'text/plain', 'idempotency-key': 'no key' };
      const sent = { headers, ...(method !== 'GET' && { body: { unknown: 1 } }) };
      expect((await send(method, `${path}?unknown=1`, sent)).status).toBe(401);
    });
  });

  it('asks for no token where there is nothing to protect, and finds no more than before', async () => {
    for (const path of ['/openapi.json', '/asyncapi.json', '/docs/']) expect((await get(url + path)).status).toBe(200);
    expect((await send('GET', '/nowhere')).status).toBe(404);
    expect((await send('PUT', '/orders')).status).toBe(405);
    expect((await send('HEAD', '/orders')).status).toBe(401);
    const management = `http://127.0.0.1:${running.ports.managementPort}`;
    expect((await get(`${management}/info`)).status).toBe(200);
  });

  it('does not wait for the body of somebody whom it does not let in', async () => {
    const length = { 'content-type': 'application/json', 'content-length': '200000' };
    const open = openRequest('POST', `${url}/orders`, length);
    expect((await open.answer).status).toBe(401);
    open.end(' '.repeat(200_000));
  });

  it('reads a body that comes late, and remembers who sends it', async () => {
    const headers = { 'content-type': 'application/json', ...(await issuer.bearer('customers:write', 'late')) };
    const body = JSON.stringify(customerInput('Late'));
    const open = openRequest('POST', `${url}/accounts/customers`, {
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
    });
    await open.arrived;
    await send('GET', '/orders', await withScope('orders:read', 'another'));
    open.end(body);
    const { status, body: customer } = await open.answer;
    expect(status).toBe(201);
    expect(await actorsOf(`/accounts/customers/${customer.id}`, 'customers:read', 1)).toEqual(['late']);
  });

  it('records who did it, and who changed it, and nothing else of the token', async () => {
    const registered = await send('POST', '/accounts/customers', {
      body: customerInput('Actor'),
      headers: { authorization: `Bearer ${await issuer.sign({ sub: 'ann', scope: 'customers:write', email: 'a@b' })}` },
    });
    expect(registered.status).toBe(201);
    const path = `/accounts/customers/${registered.body.id}`;
    const changed = await send('PATCH', path, {
      body: { name: { title: 'Dr' } },
      ...(await withScope('customers:write', 'bob')),
    });
    expect(changed.status).toBe(200);
    expect(await actorsOf(path, 'customers:read', 2)).toEqual(['ann', 'bob']);
  });

  it('keeps the answers under an Idempotency-Key apart by who asked', async () => {
    const place = async (sub: string) => {
      const { headers } = await withScope('orders:write', sub);
      return send('POST', '/orders', { body: order, headers: { ...headers, 'idempotency-key': 'the-same' } });
    };
    const { body: customer } = await send('POST', '/accounts/customers', {
      body: customerInput('Twice'),
      ...(await withScope('customers:write')),
    });
    const order = orderInput(String(customer.id));
    const reader = await withScope('orders:read');
    await eventually(async () => {
      expect((await send('GET', `/orders/customers/${customer.id}`, reader)).status).toBe(200);
    });
    const [ann, again, bob] = [await place('ann'), await place('ann'), await place('bob')];
    expect([ann, again, bob].map(({ status }) => status)).toEqual([201, 201, 201]);
    expect([ann, again, bob].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true', null]);
    expect(again.body.id).toBe(ann.body.id);
    expect(bob.body.id).not.toBe(ann.body.id);
  });

  describe('a header that is none', () => {
    it.each(['Basic YW5uOmh1bnRlcjI=', 'Bear x', 'Negotiate', 'eyJ.eyJ.x', ''])(
      'is as good as no token: %j',
      async (authorization) => {
        expect(await challenge('GET', '/orders', { headers: { authorization } })).toEqual([
          401,
          'Bearer realm="accounts-orders"',
        ]);
      },
    );

    it('may name its scheme in any case', async () => {
      const { authorization } = await issuer.bearer('orders:read');
      for (const scheme of ['bearer', 'BEARER', 'Bearer   ']) {
        const headers = { authorization: authorization.replace('Bearer', scheme) };
        expect((await send('GET', '/orders', { headers })).status).toBe(200);
      }
    });

    it('is refused, whatever it is, and nothing of it comes back', async () => {
      const visible = fc.string({
        unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
      });
      const base64 = fc.string({ maxLength: 60 }).map((text) => Buffer.from(text).toString('base64url'));
      const json = fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text).toString('base64url'));
      const parts = fc.array(fc.oneof(base64, json), { maxLength: 5 }).map((all) => all.join('.'));
      const header = fc
        .record({ alg: fc.constantFrom('ES256', 'RS256', 'none', 'HS256', 1, null), kid: fc.anything() })
        .map((value) => `${Buffer.from(JSON.stringify(value)).toString('base64url')}.e30.AAAA`);
      const values = fc.oneof(visible, ...[visible, parts, header].map((each) => each.map((text) => `Bearer ${text}`)));
      await fc.assert(
        fc.asyncProperty(values, async (authorization) => {
          // Control characters in between no client would send; the parser has a test of its own.
          fc.pre(!/[\u007f-\u009f]/.test(authorization));
          const answer = await send('GET', '/orders', { headers: { authorization } });
          expect(answer.status).toBe(401);
          expect(answer.headers.get('www-authenticate')).toMatch(
            /^Bearer realm="accounts-orders"(, error="invalid_token", error_description="the token [\w ]+")?$/,
          );
        }),
        { numRuns: 200 },
      );
    });
  });

  it('answers 503 while there are no keys, and is not ready', async () => {
    const away = await TokenIssuer.start();
    await away.stop();
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, ...away.settings });
    const logger = pino({ level: 'silent' });
    const alone = new Process(config, CONTEXTS, inMemory(logger), logger);
    await alone.start();
    await alone.joined();
    try {
      const { port, managementPort } = alone.ports;
      const { status, headers, body } = await get(`http://127.0.0.1:${port}/orders`, await away.bearer('orders:read'));
      expect([status, headers.get('retry-after'), body.type]).toEqual([503, '1', 'urn:problem:unavailable']);
      expect((await get(`http://127.0.0.1:${port}/orders`)).status).toBe(401);
      const ready = await get(`http://127.0.0.1:${managementPort}/health/ready`);
      expect(ready.status).toBe(503);
      expect((ready.body as Readiness).dependencies.jwks).toEqual({
        up: false,
        detail: 'cannot fetch the keys from JWT_JWKS_URL',
      });
    } finally {
      await alone.stop();
    }
  });

  async function actorsOf(path: string, scope: string, count: number): Promise<(string | undefined)[]> {
    const reader = await withScope(scope);
    return eventually(async () => {
      const { body } = await send('GET', `${path}/history`, reader);
      expect(body.items).toHaveLength(count);
      return body.items.map(({ actor }: { actor?: string }) => actor);
    });
  }
});
