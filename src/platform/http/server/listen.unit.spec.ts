import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import { eventually } from '../../testing/eventually.js';
import { gate } from '../../testing/gate.js';
import { silentLogger } from '../../testing/silent-logger.js';
import type { ServerLimits } from './http-server.js';
import { listen, type Listener } from './listen.js';
import { problemHandler } from '../resources/problem.js';
import { MAX_HEADERS, MAX_PIPELINED, MAX_URL, requestLimits } from './request-limits.js';

const MIB = 1024 ** 2;
const HOST = 'Host: localhost\r\n';
/** Timeouts that no test reaches. */
const LONG_TIMEOUTS = {
  headersTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
  keepAlive: 60_000,
  socketTimeoutMs: 60_000,
  checkIntervalMs: 10,
};

describe('a listener', () => {
  let listener: Listener | undefined;
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await listener?.stop();
    listener = undefined;
  });

  async function serve(limits: Partial<ServerLimits> = {}, app: Express = answering()): Promise<void> {
    listener = await listen(app, '127.0.0.1', 0, 'PORT', { ...LONG_TIMEOUTS, ...limits });
  }

  /** Returns a connection with the text that it has received, and whether it is closed. */
  function connect(sent: string) {
    const socket = createConnection(listener!.port, '127.0.0.1');
    sockets.push(socket);
    const connection = { socket, text: '', closed: false };
    socket.setEncoding('utf8').on('data', (text: string) => (connection.text += text));
    // A server that closes with unread data resets the connection.
    socket.on('error', () => undefined).once('close', () => (connection.closed = true));
    socket.write(sent);
    return connection;
  }

  /** Resolves with all that is received, when the server has closed the connection. */
  async function answerTo(sent: string): Promise<string> {
    const connection = connect(sent);
    await eventually(() => expect(connection.closed).toBe(true), { every: 5 });
    return connection.text;
  }

  const get = (url: string, headers = '') => `GET ${url} HTTP/1.1\r\n${HOST}Connection: close\r\n${headers}\r\n`;

  function expectProblem(answer: string, status: number, code: string): void {
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`));
    expect(head).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/i);
    expect(head).toMatch(/\r\nConnection: close(\r\n|$)/i);
    expect(JSON.parse(body)).toMatchObject({
      type: `urn:problem:${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
    });
  }

  describe('limits how many requests wait on one connection', () => {
    const ask = `GET / HTTP/1.1\r\n${HOST}\r\n`;

    it('to sixteen: 429 to the next, and closes', async () => {
      const slow = gate();
      await serve({}, answering(slow.opened));
      const connection = connect(ask.repeat(MAX_PIPELINED + 1));
      await eventually(() => expect(connection.socket.bytesWritten).toBe(ask.length * (MAX_PIPELINED + 1)));
      slow.open();
      await eventually(() => expect(connection.closed).toBe(true));
      const statuses = [...connection.text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
      expect(statuses).toEqual([...Array<string>(MAX_PIPELINED).fill('200'), '429']);
    });

    it('and breaks off a connection with many more, before anything is answered', async () => {
      const slow = gate();
      await serve({}, answering(slow.opened));
      expect(await answerTo(ask.repeat(100))).toBe('');
      slow.open();
    });

    it('and not how many follow each other', async () => {
      await serve();
      const connection = connect('');
      for (let sent = 1; sent <= 3 * MAX_PIPELINED; sent += 1) {
        connection.socket.write(ask);
        await eventually(() => expect(connection.text.match(/200 OK/g)).toHaveLength(sent), { every: 1 });
      }
    });
  });

  it('lets a client that still sends see why it is refused', async () => {
    const app = express();
    app.use(express.json({ limit: 1_000 }), problemHandler(silentLogger));
    await serve({}, app);
    const length = 20 * MIB;
    const connection = connect(
      `POST / HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
    );
    for (let sent = 0; sent < length; sent += MIB) {
      const isFree = connection.socket.write(Buffer.alloc(MIB, 'x'));
      if (!isFree) await once(connection.socket, 'drain');
    }
    await eventually(() => expect(connection.text).toMatch(/^HTTP\/1.1 413 .*urn:problem:body-too-large/s));
  });

  describe('limits the size', () => {
    it('of the URL: 414', async () => {
      await serve();
      expect(await answerTo(get(`/${'a'.repeat(MAX_URL - 1)}`))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await answerTo(get(`/${'a'.repeat(MAX_URL)}`)), 414, 'url-too-long');
      expectProblem(await answerTo(get(`/?${'a'.repeat(MAX_URL)}`)), 414, 'url-too-long');
    });

    it('of all headers together: 431', async () => {
      await serve({ headerBytes: 1_000 });
      expect(await answerTo(get('/', `X: ${'a'.repeat(800)}\r\n`))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await answerTo(get('/', `X: ${'a'.repeat(1_000)}\r\n`)), 431, 'headers-too-large');
    });

    it('of all headers together, by default 16 KiB: 431', async () => {
      await serve();
      expect(await answerTo(get('/', `X: ${'a'.repeat(15 * 1024)}\r\n`))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await answerTo(get('/', `X: ${'a'.repeat(16 * 1024)}\r\n`)), 431, 'headers-too-large');
    });

    it('of the number of headers: 431', async () => {
      await serve();
      const headers = (count: number) => 'X: a\r\n'.repeat(count - 2);
      expect(await answerTo(get('/', headers(MAX_HEADERS)))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await answerTo(get('/', headers(MAX_HEADERS + 1))), 431, 'headers-too-large');
      expectProblem(await answerTo(get('/', headers(3_000))), 431, 'headers-too-large');
    });
  });

  it('serves on while it drains, and closes each connection after its response', async () => {
    await serve();
    const request = `GET / HTTP/1.1\r\n${HOST}\r\n`;
    const connection = connect(request);
    await eventually(() => expect(connection.text).toMatch(/^HTTP\/1.1 200 [^]*\r\nConnection: keep-alive\r\n/i));
    listener!.drain();
    connection.text = '';
    connection.socket.write(request);
    await eventually(() => expect(connection.closed).toBe(true));
    expect(connection.text).toMatch(/^HTTP\/1.1 200 [^]*\r\nConnection: close\r\n/i);
    expect(await answerTo(request)).toMatch(/^HTTP\/1.1 200 /);
  });

  describe('responds with a problem to an invalid request', () => {
    it.each([
      ['no HTTP', 'EHLO mail.example\r\n\r\n', 400],
      ['an unknown method', `GRAB / HTTP/1.1\r\n${HOST}\r\n`, 400],
      ['a header without a name', `GET / HTTP/1.1\r\n${HOST}: a\r\n\r\n`, 400],
      ['a control character in a header', `GET / HTTP/1.1\r\n${HOST}X: a\u0001\r\n\r\n`, 400],
      ['two lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
      [
        'a length beside chunks',
        `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
        400,
      ],
      ['a chunk without a length', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
      ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ])('%s', async (_what, sent, status) => {
      await serve();
      expectProblem(await answerTo(sent), status, 'malformed-request');
    });

    it('endless chunk extensions', async () => {
      await serve();
      const sent = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(20_000)}\r\n`;
      expectProblem(await answerTo(sent), 413, 'body-too-large');
    });

    it('but not after its response has begun', async () => {
      const app = express();
      app.get('/', (_request, response) => void response.write('begun'));
      await serve({}, app);
      const connection = connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
      await eventually(() => expect(connection.text).toContain('begun'));
      connection.socket.write('what is this\r\n\r\n');
      await eventually(() => expect(connection.closed).toBe(true));
      expect(connection.text.match(/HTTP\/1.1/g)).toHaveLength(1);
    });
  });

  it('ignores unknown expectations, and accepts HTTP 1.0 without a Host', async () => {
    await serve();
    expect(await answerTo(get('/', 'Expect: wonders\r\n'))).toMatch(/^HTTP\/1.1 200 /);
    expect(await answerTo('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });

  describe('limits the wait', () => {
    it.each([
      ['the first byte', ''],
      ['the rest of a header', `GET / HTTP/1.1\r\n${HOST}X: a`],
    ])('for %s: 408', async (_what, sent) => {
      await serve({ headersTimeoutMs: 100 });
      expectProblem(await answerTo(sent), 408, 'request-timeout');
    });

    it('for headers that arrive byte by byte: 408', async () => {
      await serve({ headersTimeoutMs: 200 });
      const connection = connect(`GET / HTTP/1.1\r\n${HOST}X: a`);
      const dripping = setInterval(() => connection.socket.write('a'), 20);
      await eventually(() => expect(connection.closed).toBe(true)).finally(() => clearInterval(dripping));
      expectProblem(connection.text, 408, 'request-timeout');
    });

    it('for a body that the app is reading: 408', async () => {
      const app = answering();
      app.post('/', express.json(), (_request, response) => void response.end());
      await serve({ headersTimeoutMs: 200, requestTimeoutMs: 200 }, app);
      expectProblem(
        await answerTo(`POST / HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`),
        408,
        'request-timeout',
      );
    });

    it('for another request on a connection', async () => {
      await serve({ keepAlive: 50 });
      const connection = connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
      await eventually(() => expect(connection.closed).toBe(true));
      expect(connection.text).toMatch(/^HTTP\/1.1 200 /);
    });

    it('for a client to read its response, so that it blocks neither memory nor a stop', async () => {
      let isHeld = false;
      const app = express();
      app.get('/', (_request, response) => {
        isHeld = true;
        response.once('close', () => (isHeld = false)).end(Buffer.alloc(64 * MIB));
      });
      await serve({ socketTimeoutMs: 200 }, app);
      const connection = connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
      connection.socket.pause();
      await eventually(() => expect(isHeld).toBe(true));
      const stopped = listener!.stop();
      await eventually(() => expect(isHeld).toBe(false), { within: 5_000 });
      await stopped;
      listener = undefined;
    });
  });

  it('completes responses when it stops', async () => {
    const sent = gate();
    const app = express();
    app.get('/', (_request, response) => {
      response.end(Buffer.alloc(64 * MIB));
      sent.open();
    });
    await serve({}, app);
    const connection = connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    connection.socket.pause();
    await sent.opened;
    const stopped = listener!.stop();
    connection.socket.resume();
    await stopped;
    listener = undefined;
    await eventually(() => expect(connection.closed).toBe(true));
    expect(connection.text.length).toBeGreaterThan(64 * MIB);
  });

  it('waits for a slow response, and keeps the connection open', async () => {
    const slow = gate();
    const app = express();
    app.get('/', async (_request, response) => {
      await slow.opened;
      response.end('at last');
    });
    await serve({ headersTimeoutMs: 50, requestTimeoutMs: 50, keepAlive: 60_000 }, app);
    const connection = connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    // Takes as long as the timeouts: another connection is closed by them.
    await answerTo('');
    expect(connection.text).toBe('');
    slow.open();
    await eventually(() => expect(connection.text).toContain('at last'));
    connection.socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await eventually(() => expect(connection.text.match(/at last/g)).toHaveLength(2));
    expect(connection.closed).toBe(false);
  });

  it('keeps an idle connection longer than the usual 60 seconds of a load balancer', async () => {
    listener = await listen(answering(), '127.0.0.1', 0, 'PORT');
    const connection = connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await eventually(() => expect(connection.text).toMatch(/\r\nKeep-Alive: timeout=75\r\n/));
  });
});

function answering(when: Promise<unknown> = Promise.resolve()): Express {
  const app = express();
  app.use(requestLimits());
  app.get('/{*path}', async (_request, response) => {
    await when;
    response.end('here you are');
  });
  app.use(problemHandler(silentLogger));
  return app;
}
