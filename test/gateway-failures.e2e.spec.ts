import { constants, connect as connectHttp2 } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { CONFIGURATION, Gateway } from './support/gateway/gateway.js';
import { describeWithGateway } from './support/gateway/needed.js';
import { type Behaviour, StandIn } from './support/gateway/stand-in.js';
import { token } from './support/gateway/tokens.js';
import { get } from './support/http.js';

/** Milliseconds. */
const SERVER_TIMEOUT = 400;

const answers: Behaviour = (_received, response) => void response.end('{}');
const breaksOff: Behaviour = (_received, response) => void response.destroy();
const saysNothing: Behaviour = () => undefined;
const fails: Behaviour = (_received, response) => void response.writeHead(500).end();

describeWithGateway('the gateway before services that fail', () => {
  let gateway: Gateway;
  let accounts: StandIn;
  let orders: StandIn;

  beforeAll(async () => {
    [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    gateway = await Gateway.start({ accounts, orders }, { SERVER_TIMEOUT: `${SERVER_TIMEOUT}ms` });
  });

  beforeEach(async () => {
    for (const service of [accounts, orders]) Object.assign(service, { behave: answers, isReady: true });
    await eventually(async () => {
      for (const path of ['/accounts/customers', '/orders']) expect((await gateway.call('GET', path)).status).toBe(200);
    });
    for (const service of [accounts, orders]) service.received.length = 0;
  });

  it('tells a service who asks, whatever the client says', async () => {
    const headers = {
      'X-Authenticated-Subject': 'root',
      x_authenticated_subject: 'root',
      'X-Authenticated_Subject': 'root',
      'X-Forwarded-For': '10.0.0.1',
      Forwarded: 'for=10.0.0.1',
      Connection: 'X-Authenticated-Subject, Upgrade',
      Upgrade: 'h2c',
    };
    expect((await gateway.call('GET', '/orders/1', { headers, token: token({ sub: 'jane|7"x' }) })).status).toBe(200);
    const [received] = orders.of('/orders/1');
    expect(received?.headers).toMatchObject({ 'x-authenticated-subject': 'jane|7"x', 'x-forwarded-for': '127.0.0.1' });
    expect(received?.headers.authorization).toMatch(/^Bearer ey/);
    const names = received?.headerNames.map((name) => name.toLowerCase()) ?? [];
    expect(names.filter((name) => /subject|forwarded/.test(name)).sort()).toEqual([
      'x-authenticated-subject',
      'x-forwarded-for',
      'x-forwarded-proto',
    ]);
    expect(names).not.toContain('upgrade');
    expect(received?.headers.connection).toBe('close');

    await gateway.call('GET', '/orders/openapi.json', { headers, token: null });
    expect(orders.of('/openapi.json')[0]?.headers).not.toHaveProperty('x-authenticated-subject');
  });

  it('sends a GET again that a service broke off, and no POST or PATCH', async () => {
    orders.behave = (received, response) => (orders.received.length > 1 ? answers : breaksOff)(received, response);
    expect((await gateway.call('GET', '/orders/1')).status).toBe(200);
    expect(orders.of('/orders/1')).toHaveLength(2);
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE']) {
      orders.received.length = 0;
      const { status, body } = await gateway.call(method, '/orders/2', { body: {} });
      expect([method, status, body.type, body.instance]).toEqual([method, 502, 'urn:problem:bad-gateway', '/orders/2']);
      expect(orders.of('/orders/2')).toHaveLength(1);
    }
  });

  it('never tells a client of HTTP/2 that a POST may be sent again which has arrived', async () => {
    const client = connectHttp2(gateway.url, { ca: gateway.certificate });
    const ask = (method: string, path: string) =>
      new Promise((resolve, reject) => {
        const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_STATUS } = constants;
        const headers = {
          [HTTP2_HEADER_METHOD]: method,
          [HTTP2_HEADER_PATH]: path,
          authorization: `Bearer ${token()}`,
        };
        const stream = client.request(headers);
        stream.once('response', (response) => resolve(response[HTTP2_HEADER_STATUS])).once('error', reject);
        stream.resume().end();
      });
    try {
      expect(await ask('GET', '/orders/1')).toBe(200);
      orders.behave = breaksOff;
      expect(await ask('POST', '/orders/2')).toBe(502);
      expect(orders.of('/orders/2')).toHaveLength(1);
    } finally {
      client.destroy();
    }
  });

  it('answers 504 for a service that is slow, and waits for one that was asked to wait', async () => {
    orders.behave = saysNothing;
    for (const method of ['GET', 'POST']) {
      const { status, headers, body } = await gateway.call(method, '/orders/1');
      expect([status, headers.get('content-type')]).toEqual([504, 'application/problem+json']);
      expect(body).toMatchObject({ type: 'urn:problem:gateway-timeout', status: 504, instance: '/orders/1' });
    }
    expect(orders.of('/orders/1')).toHaveLength(2);
    orders.behave = (_received, response) => void sleep(2 * SERVER_TIMEOUT).then(() => response.end('{}'));
    expect((await gateway.call('GET', '/orders/1', { headers: { prefer: 'wait=5' } })).status).toBe(200);
  });

  it('asks a service no more that is not ready', async () => {
    orders.isReady = false;
    await eventually(async () => {
      orders.received.length = 0;
      const { status, headers, body } = await gateway.call('GET', '/orders/1');
      expect([status, headers.get('retry-after'), body.type]).toEqual([503, '1', 'urn:problem:unavailable']);
      expect(orders.received).toEqual([]);
    });
    expect((await gateway.call('GET', '/accounts/customers')).status).toBe(200);
  });

  it('still asks a service that fails again and again, as long as it is ready', async () => {
    orders.behave = fails;
    for (let request = 0; request < 50; request += 1) {
      expect((await gateway.call('POST', '/orders')).status).toBe(500);
    }
    orders.behave = answers;
    expect((await gateway.call('GET', '/orders')).status).toBe(200);
  });

  it('refuses what is too large', async () => {
    const long = await gateway.call('GET', `/orders?cursor=${'x'.repeat(9_000)}`);
    expect([long.status, long.body.type]).toEqual([414, 'urn:problem:uri-too-long']);
    for (const length of ['2097153', '9223372036854775807']) {
      const answer = await raw(`POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 413 .*urn:problem:body-too-large/s);
    }
    expect(orders.received).toEqual([]);
  });

  it.each([
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a length that is none', 'Content-Length: 1x\r\n\r\na'],
    ['a header with a space in its name', 'Bad Header: 1\r\n\r\n'],
    ['an unknown transfer encoding', 'Transfer-Encoding: chunky\r\n\r\n0\r\n\r\n'],
  ])('lets no request through that has %s', async (_, rest) => {
    const answer = await raw(`POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n${rest}`);
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(orders.received).toEqual([]);
  });

  it('passes on one body where the length says another than the chunks', async () => {
    const head = `POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\nConnection: close\r\n`;
    const smuggled = 'GET /accounts/customers HTTP/1.1\r\nHost: x\r\n\r\n';
    await raw(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`);
    expect(orders.received.map(({ url, body }) => [url, body])).toEqual([['/orders', '']]);
    expect(accounts.received).toEqual([]);
  });

  async function raw(text: string): Promise<string> {
    const { port } = new URL(gateway.url);
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca: gateway.certificate });
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) {
      answer += String(chunk);
      if (/\r\n\r\n(.*[}>]\s*|)$/s.test(answer)) break;
    }
    return answer;
  }
});

describeWithGateway('the limits of the gateway', () => {
  it.each([
    [
      'a subject',
      { RATE_LIMIT_PER_SUBJECT: '5' },
      (n: number) => ({ token: token({ sub: 'eager', jti: n }) }),
      { token: token() },
    ],
    ['an address', { RATE_LIMIT_PER_ADDRESS: '5' }, () => ({ token: null }), undefined],
  ])('hold for %s', async (_, settings, asking, other) => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders }, settings as Record<string, string>);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await gateway.call('GET', '/orders', asking(n))).status);
    expect(new Set(statuses.slice(0, 5))).toEqual(new Set([other ? 200 : 401]));
    expect(statuses[5]).toBe(429);
    const { status, headers, body } = await gateway.call('GET', '/orders', asking(7));
    expect([status, headers.get('retry-after')]).toEqual([429, '10']);
    expect(body).toMatchObject({ type: 'urn:problem:too-many-requests', status: 429, instance: '/orders' });
    if (other) expect((await gateway.call('GET', '/orders', other)).status).toBe(200);
    else expect((await gateway.call('GET', '/orders')).status).toBe(429);
  });
});

describeWithGateway('the configuration of the gateway', () => {
  it.each(['JWT_ISSUER', 'JWT_AUDIENCE'])('names %s when it is missing', async (name) => {
    const nobody = { port: 1, healthPort: 1 };
    const starting = Gateway.start({ accounts: nobody, orders: nobody }, { [name]: undefined as unknown as string });
    await expect(starting).rejects.toThrow(new RegExp(`${name}: must be set`));
  });

  it('starts where no service has an address yet, says how it is, and shows its metrics', async () => {
    const nobody = { port: 1, healthPort: 1 };
    const unknown = { ACCOUNTS_HOST: 'accounts.invalid', ORDERS_HOST: 'orders.invalid', GATEWAY_MAX_INSTANCES: '3' };
    const gateway = await Gateway.start({ accounts: nobody, orders: nobody }, unknown, 'live');
    const ready = await get(`${gateway.healthUrl}/health/ready`);
    expect([ready.status, ready.body.status]).toEqual([503, 'not-ready']);
    expect((await gateway.call('GET', '/orders')).status).toBe(503);
    expect((await get(`${gateway.healthUrl}/health/live`)).body).toEqual({ status: 'live' });
    expect((await get(`${gateway.healthUrl}/metrics`)).text).toContain(
      'haproxy_backend_active_servers{proxy="orders"} 0',
    );
    expect(CONFIGURATION).toMatch(/haproxy\.cfg$/);
  });
});
