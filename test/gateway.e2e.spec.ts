import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { Gateway } from './support/gateway/gateway.js';
import { describeWithGatewayAndServers } from './support/gateway/needed.js';
import { instanceOf, settingsBehindGateway } from './support/gateway/services.js';
import * as tokens from './support/gateway/tokens.js';
import { get } from './support/http.js';
import { customerInput, orderInput } from './support/requests.js';
import { type RunningProcess, serve } from './support/run-process.js';

const { token, now } = tokens;

describeWithGatewayAndServers('the gateway before accounts and orders', () => {
  let gateway: Gateway;
  let accounts: RunningProcess;
  let orders: RunningProcess;
  const startGateway = (settings = {}) =>
    Gateway.start({ accounts: instanceOf(accounts), orders: instanceOf(orders) }, settings);

  beforeAll(async () => {
    const settings = settingsBehindGateway();
    accounts = serve(settings, 'accounts').lasts();
    orders = serve(settings, 'orders').lasts();
    await Promise.all([accounts.ready(), orders.ready()]);
    gateway = await startGateway();
  }, 60_000);

  it('lets whoever has a token register a customer and order', async () => {
    const registered = await gateway.call('POST', '/accounts/customers', { body: customerInput('Gate') });
    expect([registered.status, registered.headers.get('location')]).toEqual([
      201,
      `/accounts/customers/${registered.body.id}`,
    ]);
    const order = { ...orderInput(registered.body.id), minCustomerVersion: 1 };
    const placed = await gateway.call('POST', '/orders', { body: order, headers: { prefer: 'wait=10' } });
    expect([placed.status, placed.body.status]).toEqual([201, 'PLACED']);
    const listed = await gateway.call('GET', `/orders?customerId=${registered.body.id}`);
    expect(listed.body.items).toHaveLength(1);
  });

  it('lets a client that still sends see that its body is too large', async () => {
    const { port } = new URL(gateway.url);
    const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca: gateway.certificate });
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    const head = `POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n`;
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 1500000\r\n\r\n`);
    for (let sent = 0; sent < 15; sent += 1) {
      if (!socket.write('x'.repeat(100_000))) await once(socket, 'drain');
    }
    await eventually(() => expect(answer).toMatch(/^HTTP\/1.1 413 .*urn:problem:body-too-large/s));
    socket.destroy();
  });

  it.each([
    ['no token', null, ''],
    ['a signature by another key', tokens.tokenOfStranger(), 'invalid_token'],
    ['a signature of other claims', tokens.alteredToken(), 'invalid_token'],
    ['no signature', tokens.unsignedToken(), 'invalid_token'],
    ['an HMAC with the public key', tokens.tokenByPublicKey(), 'invalid_token'],
    ['another algorithm in a header that is signed', token({}, { alg: 'RS512' }), 'invalid_token'],
    ['a token that is over', token({ exp: now() - 1 }), 'invalid_token'],
    ['a token that is over since before 1970', token({ exp: -5 }), 'invalid_token'],
    ['a token that never ends', token({ exp: undefined }), 'invalid_token'],
    ['a token that has not begun', token({ nbf: now() + 300 }), 'invalid_token'],
    ['another issuer', token({ iss: `${tokens.ISSUER}x` }), 'invalid_token'],
    ['no issuer', token({ iss: undefined }), 'invalid_token'],
    ['another audience', token({ aud: 'others' }), 'invalid_token'],
    ['other audiences', token({ aud: ['others', `x","${tokens.AUDIENCE}`] }), 'invalid_token'],
    ['no audience', token({ aud: undefined }), 'invalid_token'],
    ['no subject', token({ sub: undefined }), 'invalid_token'],
    ['a subject with a header in it', token({ sub: 'jane\r\nX-Evil: 1' }), 'invalid_token'],
    ['a subject with a line end', token({ sub: 'jane\n' }), 'invalid_token'],
    ['two tokens', `${token()}, Bearer ${token()}`, 'invalid_token'],
    ['what is no token', 'x', 'invalid_token'],
    ['a huge one', 'x'.repeat(12_000), 'invalid_token'],
  ])('answers 401 to %s', async (_, bearer, error) => {
    const { status, headers, body } = await gateway.call('GET', '/orders?limit=1', { token: bearer });
    expect([status, headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    expect(headers.get('www-authenticate')).toBe(error === '' ? 'Bearer' : `Bearer error="${error}"`);
    expect(body).toEqual({
      type: 'urn:problem:unauthenticated',
      title: 'Unauthenticated',
      status: 401,
      detail: expect.any(String),
      instance: '/orders',
    });
  });

  it.each([
    ['is for several audiences', token({ aud: ['others', tokens.AUDIENCE] }), 'Bearer'],
    ['has begun', token({ nbf: now() - 5 }), 'Bearer'],
    ['comes in small letters', token(), 'bearer'],
  ])('lets in a token that %s', async (_, bearer, scheme) => {
    const headers = { authorization: `${scheme} ${bearer}` };
    expect(await gateway.call('GET', '/orders?limit=1', { token: null, headers })).toMatchObject({ status: 200 });
  });

  it.each([
    '/',
    '/docs/',
    '/openapi.json',
    '/health/ready',
    '/metrics',
    '/info',
    '/accounts',
    '/ordersx',
    '/orders%2f',
  ])('has nothing at %s', async (path) => {
    const { status, body } = await gateway.call('GET', path);
    expect([status, body.type, body.instance]).toEqual([404, 'urn:problem:not-found', path]);
  });

  it.each(['accounts', 'orders'])(
    'shows anybody the documents of %s, so that a browser finds what they name',
    async (name) => {
      const anybody = { token: null };
      const moved = await gateway.call('GET', `/${name}/docs`, anybody);
      expect([moved.status, moved.headers.get('location')]).toEqual([308, `/${name}/docs/`]);
      const page = new URL(`/${name}/docs/`, gateway.url);
      const { text: html } = await gateway.call('GET', page.pathname, anybody);
      const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
        ([, link]) => new URL(String(link), page).pathname,
      );
      expect(assets.length).toBeGreaterThan(2);
      for (const path of assets) expect([path, (await gateway.call('GET', path, anybody)).status]).toEqual([path, 200]);
      const { text: script } = await gateway.call('GET', `${page.pathname}swagger-ui-init.js`, anybody);
      const link = /"url": "([^"]+)"/.exec(script)?.[1];
      const { body } = await gateway.call('GET', new URL(String(link), page).pathname, anybody);
      expect(new Set(Object.keys(body.paths).map((path) => path.split('/')[1]))).toEqual(new Set([name]));
      expect((await gateway.call('GET', `/${name}/asyncapi.json`, anybody)).body.asyncapi).toBeDefined();
      expect((await gateway.call('GET', `/${name}/docs/../customers/x`, anybody)).status).not.toBe(200);
    },
  );

  it('speaks nothing but TLS 1.2 and 1.3, and HTTP/2 to those who do', async () => {
    const { hostname: host, port } = new URL(gateway.url);
    const plain = connect(Number(port), host).end('GET /orders HTTP/1.1\r\nHost: gateway\r\n\r\n');
    const answered = await new Promise<string>((resolve) => {
      let text = '';
      plain.on('data', (chunk) => (text += String(chunk))).on('error', () => undefined);
      plain.on('close', () => resolve(text));
    });
    expect(answered).not.toContain('HTTP');
    const negotiated = (options: object) =>
      new Promise((resolve) => {
        const socket = connectTls({ host, port: Number(port), ca: gateway.certificate, ...options }, () =>
          resolve([socket.getProtocol(), socket.alpnProtocol]),
        );
        socket.once('error', () => resolve('refused')).once('secureConnect', () => socket.destroy());
      });
    expect(await negotiated({ ALPNProtocols: ['h2'] })).toEqual(['TLSv1.3', 'h2']);
    expect(await negotiated({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).toBe('refused');
  });

  it('goes on with the trace of a client, or begins one, and hides what the service runs on', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const traced = await gateway.call('GET', '/orders?limit=1', { headers });
    expect(traced.headers.get('traceparent')).toContain(traceId);
    expect(traced.headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}$/);
    expect([traced.headers.get('server'), traced.headers.get('x-powered-by')]).toEqual([null, null]);
    await eventually(() => expect(gateway.log().filter((line) => line.traceId === traceId)).toHaveLength(1));
    const untraced = await gateway.call('GET', '/orders?limit=1', { headers: { traceparent: '00-bad' } });
    const made = untraced.headers.get('traceparent')?.split('-')[1];
    expect(made).toMatch(/^[0-9a-f]{32}$/);
    await eventually(() => expect(gateway.log().filter((line) => line.traceId === made)).toHaveLength(1));
  });

  it('logs each request as a line of JSON, with neither the token nor what is asked for', async () => {
    const bearer = token({ sub: 'secretive' });
    const path = `/accounts/customers?email=jane.doe%40example.com`;
    expect((await gateway.call('GET', path, { token: bearer })).status).toBe(200);
    expect((await gateway.call('GET', '/odd%22%0a@', { token: bearer })).status).toBe(404);
    await eventually(() => {
      const paths = gateway.log().map((line) => line.path);
      expect(paths).toEqual(expect.arrayContaining(['/accounts/customers', '/odd_22_0a_']));
    });
    const line = gateway.log().find(({ path: logged }) => logged === '/accounts/customers');
    expect(line).toMatchObject({ level: 'info', method: expect.any(String), ms: expect.any(Number), msg: 'answered' });
    for (const secret of [bearer.split('.')[2], 'jane.doe', 'secretive', 'example.com', 'Bearer'])
      expect(gateway.stdout + gateway.stderr).not.toContain(secret);
  });

  it('answers 429 to a subject that asks too much, and goes on to serve the others', async () => {
    const strict = await startGateway({ RATE_LIMIT_PER_SUBJECT: '3' });
    const ask = (sub: string) => strict.call('GET', '/accounts/customers?limit=1', { token: token({ sub }) });
    for (let n = 0; n < 3; n += 1) expect((await ask('eager')).status).toBe(200);
    const { status, headers, body } = await ask('eager');
    expect([status, headers.get('retry-after'), body.type]).toEqual([429, '10', 'urn:problem:too-many-requests']);
    expect((await ask('patient')).status).toBe(200);
  });

  it('answers 504 for a service that has come to a standstill while the other one serves', async () => {
    const impatient = await startGateway({ SERVER_TIMEOUT: '500ms' });
    await orders.whileStopped(async () => {
      const { status, body } = await impatient.call('GET', '/orders?limit=1');
      expect([status, body.type]).toEqual([504, 'urn:problem:gateway-timeout']);
      expect((await impatient.call('GET', '/accounts/customers?limit=1')).status).toBe(200);
    });
    await eventually(async () => expect((await impatient.call('GET', '/orders?limit=1')).status).toBe(200));
  });

  it('answers 503 for a service that is down while the other one serves, and finds it again', async () => {
    const { port, healthPort } = instanceOf(orders);
    await orders.kill('SIGKILL');
    const { status, headers, body } = await gateway.call('POST', '/orders', { body: orderInput('nobody') });
    expect([status, headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(body).toMatchObject({ type: 'urn:problem:unavailable', status: 503, instance: '/orders' });
    expect((await gateway.call('GET', '/accounts/customers?limit=1')).status).toBe(200);
    expect((await get(`${gateway.healthUrl}/health/ready`)).status).toBe(200);

    const again = { ...settingsBehindGateway(), PORT: String(port), MANAGEMENT_PORT: String(healthPort) };
    await serve(again, 'orders').ready();
    await eventually(async () => expect((await gateway.call('GET', '/orders?limit=1')).status).toBe(200));
  });
});
