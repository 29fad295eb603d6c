import { once } from 'node:events';
import { connect as connectNet } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { Gateway } from './support/gateway/gateway.js';
import { NameServer } from './support/gateway/name-server.js';
import { describeWithGateway } from './support/gateway/needed.js';
import { type Behaviour, StandIn } from './support/gateway/stand-in.js';
import { token } from './support/gateway/tokens.js';

/** More failures than a circuit breaker usually accepts. */
const IN_A_ROW = 40;

/** As a service answers a wait that was not met. */
const refusesWaits: Behaviour = ({ url }, response) => {
  response.writeHead(url.includes('minVersion') ? 503 : 200, { 'retry-after': '1' }).end('{}');
};

describeWithGateway('the gateway under attack', () => {
  const sockets: TLSSocket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** A client's connection from an address of its own, with what it has received. */
  function open(gateway: Gateway, localAddress = '127.0.0.1') {
    const { port } = new URL(gateway.url);
    const plain = connectNet({ host: '127.0.0.1', port: Number(port), localAddress });
    plain.on('error', () => undefined);
    const socket = connect({ socket: plain, host: '127.0.0.1', ca: gateway.certificate });
    const connection = { socket, text: '', closed: false };
    sockets.push(socket);
    socket.setEncoding('utf8').on('data', (text: string) => (connection.text += text));
    socket.on('error', () => undefined).once('close', () => (connection.closed = true));
    return connection;
  }

  it('takes no service from anybody because a client asks for waits that are not met', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    orders.behave = refusesWaits;
    const gateway = await Gateway.start({ accounts, orders });
    const wait = () => gateway.call('GET', '/orders/customers/1?minVersion=5', { token: token({ sub: 'attacker' }) });

    for (let round = 0; round < 10; round += 1) {
      const waits = await Promise.all(Array.from({ length: IN_A_ROW }, wait));
      expect(new Set(waits.map(({ status }) => status))).toEqual(new Set([503]));
      expect((await gateway.call('GET', '/orders/1', { token: token({ sub: 'victim' }) })).status).toBe(200);
    }
  });

  it('takes neither of two instances from anybody because of such waits', async () => {
    const names = await NameServer.start();
    const [accounts, one] = await Promise.all([StandIn.start(), StandIn.start('127.0.0.2')]);
    const other = await StandIn.start('127.0.0.3', one);
    for (const each of [one, other]) each.behave = refusesWaits;
    names.set('orders.test', ['127.0.0.2', '127.0.0.3']);
    const settings = { GATEWAY_NAMESERVER: names.address, GATEWAY_MAX_INSTANCES: '2', ORDERS_HOST: 'orders.test' };
    const gateway = await Gateway.start({ accounts, orders: one }, settings);
    const victim = () => gateway.call('GET', '/orders/1', { token: token({ sub: 'victim' }) });
    await eventually(async () => {
      expect((await victim()).status).toBe(200);
      expect([one, other].map(({ received }) => received.length > 0)).toEqual([true, true]);
    });

    for (let round = 0; round < 10; round += 1) {
      const waits = Array.from({ length: 2 * IN_A_ROW }, () => gateway.call('GET', '/orders/customers/1?minVersion=5'));
      await Promise.all(waits);
      const answers = await Promise.all([victim(), victim(), victim(), victim()]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    }
    for (const each of [one, other]) expect(each.of('/orders/1').length).toBeGreaterThan(5);
  });

  it('leaves room for others when one address opens all the connections that it can', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const limits = { GATEWAY_MAX_CONNECTIONS: '60', CONNECTIONS_PER_ADDRESS: '20' };
    const gateway = await Gateway.start({ accounts, orders }, limits);
    const attackers = Array.from({ length: 80 }, () => open(gateway, '127.0.0.9'));
    await Promise.any(attackers.map(({ socket }) => once(socket, 'secureConnect')));

    expect((await gateway.call('GET', '/orders')).status).toBe(200);
    await eventually(() => expect(attackers.filter(({ closed }) => closed)).toHaveLength(60));
    expect(attackers.filter(({ socket }) => socket.authorized)).toHaveLength(20);

    for (const { socket } of attackers) socket.destroy();
    // Once the gateway has seen that they are closed.
    await eventually(() => once(open(gateway, '127.0.0.9').socket, 'secureConnect'));
  });

  it('limits how often an address may connect', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders }, { CONNECTION_RATE_PER_ADDRESS: '10' });
    const outcomes: boolean[] = [];
    for (let each = 0; each < 15; each += 1) {
      const { socket } = open(gateway, '127.0.0.9');
      const connected = once(socket, 'secureConnect').then(
        () => true,
        () => false,
      );
      outcomes.push(await connected);
      socket.destroy();
    }
    expect(outcomes).toEqual([...Array<boolean>(10).fill(true), ...Array<boolean>(5).fill(false)]);
    expect((await gateway.call('GET', '/orders')).status).toBe(200);
  });

  it('closes a connection after 429, and after a path that it does not have', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders }, { RATE_LIMIT_PER_ADDRESS: '5' });
    orders.behave = (_received, response) => void response.writeHead(404).end('{}');
    const ask = async (path: string) => {
      const connection = open(gateway, '127.0.0.9');
      connection.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n\r\n`);
      await eventually(() => expect(connection.text).toMatch(/\r\n\r\n.*\}/s));
      expect(connection.text).not.toMatch(/x-gateway/i);
      return connection;
    };
    const nowhere = await ask('/nowhere');
    await eventually(() => expect(nowhere.closed).toBe(true));
    expect(nowhere.text).toMatch(/^HTTP\/1.1 404 .*\r\nconnection: close\r\n/is);

    // A service's own 404 is an answer like any other.
    const missing = await ask('/orders/1');
    expect(missing.text).toMatch(/^HTTP\/1.1 404 /);
    expect(missing.text).not.toMatch(/\r\nconnection: close\r\n/i);

    for (let each = 0; each < 4; each += 1) await ask('/orders/1');
    const limited = await ask('/orders/1');
    await eventually(() => expect(limited.closed).toBe(true));
    expect(limited.text).toMatch(/^HTTP\/1.1 429 .*\r\nconnection: close\r\n/is);
  });

  it('gives a request an id of its own, and passes on the one that the client gave it', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders });
    const headersFor = async (id: string) => {
      orders.received.length = 0;
      const headers = { 'X-Request-Id': id, 'X-Client-Request-Id': 'forged', x_request_id: 'forged' };
      await gateway.call('GET', '/orders/1', { headers });
      const { 'x-request-id': own, 'x-client-request-id': clients } = orders.received[0]?.headers ?? {};
      expect(own).toMatch(/^[0-9a-f-]{36}$/);
      expect(orders.received[0]?.headers).not.toHaveProperty('x_request_id');
      return clients;
    };
    expect(await headersFor('mine-1')).toBe('mine-1');
    expect(await headersFor('a b {"x":1}')).toBeUndefined();
  });

  it('logs no card number of a path or a trace, and continues only traces that are well-formed', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders });
    const trace = '4111111111111111abcdef0123456789';
    const span = '00f067aa0ba902b7';
    await gateway.call('GET', '/orders/4111111111111111', { headers: { traceparent: `00-${trace}-${span}-01` } });
    await gateway.call('GET', '/orders/2', { headers: { traceparent: `00-${'a'.repeat(32)}-${span}-ff` } });
    expect(orders.of('/orders/2')[0]?.headers.traceparent).not.toContain('a'.repeat(32));

    await eventually(() => expect(gateway.log()).toHaveLength(2));
    expect(gateway.stdout).not.toContain('4111111111111111');
    expect(gateway.log()[0]).toMatchObject({ path: '/orders/_', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(gateway.log()[0]?.requestId).toBe(orders.received[0]?.headers['x-request-id']);
  });

  it('logs each trace that it begins itself as the services get it', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders });
    // Of random traces, one in sixty has so many digits in a row that a card number may be among them.
    for (let request = 0; request < 300; request += 1) await gateway.call('GET', '/orders');

    await eventually(() => expect(gateway.log()).toHaveLength(300));
    const passed = orders.received.map(({ headers }) => String(headers.traceparent).split('-')[1]);
    // Two threads write the log.
    expect(new Set(gateway.log().map(({ traceId }) => traceId))).toEqual(new Set(passed));
    expect(new Set(passed).size).toBe(300);
  });

  it('takes requests with a PROXY header from nobody else', async () => {
    const [accounts, orders] = await Promise.all([StandIn.start(), StandIn.start()]);
    const gateway = await Gateway.start({ accounts, orders });
    const { port } = new URL(gateway.url);
    // HAProxy fills names of abstract sockets up to their full length.
    const inner = connectNet({ path: `\0gateway-${port}`.padEnd(108, '\0') });
    let answer = '';
    inner.setEncoding('latin1').on('data', (text: string) => (answer += text));
    const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
    const forged = Buffer.from([0x21, 0x11, 0, 12, 10, 0, 0, 1, 127, 0, 0, 1, 0, 1, 0, 80]);
    inner.write(Buffer.concat([signature, forged]));
    inner.write(`GET /orders/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n\r\n`);
    await Promise.race([once(inner, 'close'), once(inner, 'error')]);
    expect(answer).not.toContain('200');
    expect(orders.received).toEqual([]);
  });
});
