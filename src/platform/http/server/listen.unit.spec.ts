import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { eventually } from '../../testing/eventually.js';
import { gate } from '../../testing/gate.js';
import { answering, expectProblem, HOST, ListenerWorld } from '../../testing/listener-world.js';
import { listen } from './listen.js';
import { MAX_PIPELINED } from './request-limits.js';

const MIB = 1024 ** 2;

describe('a listener', () => {
  let world: ListenerWorld;

  beforeEach(() => {
    world = new ListenerWorld();
  });

  afterEach(() => world.close());

  describe('limits how many requests wait on one connection', () => {
    const ask = `GET / HTTP/1.1\r\n${HOST}\r\n`;

    it('to sixteen: 429 to the next, and closes', async () => {
      const slow = gate();
      await world.serve({}, answering(slow.opened));
      const connection = world.connect(ask.repeat(MAX_PIPELINED + 1));
      await eventually(() => expect(connection.socket.bytesWritten).toBe(ask.length * (MAX_PIPELINED + 1)));
      slow.open();
      await eventually(() => expect(connection.closed).toBe(true));
      const statuses = [...connection.text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
      expect(statuses).toEqual([...Array<string>(MAX_PIPELINED).fill('200'), '429']);
    });

    it('and breaks off a connection with many more, before anything is answered', async () => {
      const slow = gate();
      await world.serve({}, answering(slow.opened));
      expect(await world.answerTo(ask.repeat(100))).toBe('');
      slow.open();
    });

    it('and not how many follow each other', async () => {
      await world.serve();
      const connection = world.connect('');
      for (let sent = 1; sent <= 3 * MAX_PIPELINED; sent += 1) {
        connection.socket.write(ask);
        await eventually(() => expect(connection.text.match(/200 OK/g)).toHaveLength(sent), { every: 1 });
      }
    });
  });

  describe('limits the wait', () => {
    it.each([
      ['the first byte', ''],
      ['the rest of a header', `GET / HTTP/1.1\r\n${HOST}X: a`],
    ])('for %s: 408', async (_what, sent) => {
      await world.serve({ headersTimeoutMs: 100 });
      expectProblem(await world.answerTo(sent), 408, 'request-timeout');
    });

    it('for headers that arrive byte by byte: 408', async () => {
      await world.serve({ headersTimeoutMs: 200 });
      const connection = world.connect(`GET / HTTP/1.1\r\n${HOST}X: a`);
      const dripping = setInterval(() => connection.socket.write('a'), 20);
      await eventually(() => expect(connection.closed).toBe(true)).finally(() => clearInterval(dripping));
      expectProblem(connection.text, 408, 'request-timeout');
    });

    it('for a body that the app is reading: 408', async () => {
      const app = answering();
      app.post('/', express.json(), (_request, response) => void response.end());
      await world.serve({ headersTimeoutMs: 200, requestTimeoutMs: 200 }, app);
      expectProblem(
        await world.answerTo(`POST / HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{`),
        408,
        'request-timeout',
      );
    });

    it('for another request on a connection', async () => {
      await world.serve({ keepAlive: 50 });
      const connection = world.connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
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
      await world.serve({ socketTimeoutMs: 200 }, app);
      const connection = world.connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
      connection.socket.pause();
      await eventually(() => expect(isHeld).toBe(true));
      const stopped = world.stop();
      await eventually(() => expect(isHeld).toBe(false), { within: 5_000 });
      await stopped;
    });
  });

  it('waits for a slow response, and keeps the connection open', async () => {
    const slow = gate();
    const app = express();
    app.get('/', async (_request, response) => {
      await slow.opened;
      response.end('at last');
    });
    await world.serve({ headersTimeoutMs: 50, requestTimeoutMs: 50, keepAlive: 60_000 }, app);
    const connection = world.connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    // Takes as long as the timeouts: another connection is closed by them.
    await world.answerTo('');
    expect(connection.text).toBe('');
    slow.open();
    await eventually(() => expect(connection.text).toContain('at last'));
    connection.socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await eventually(() => expect(connection.text.match(/at last/g)).toHaveLength(2));
    expect(connection.closed).toBe(false);
  });

  it('keeps an idle connection longer than the usual 60 seconds of a load balancer', async () => {
    world.listener = await listen(answering(), '127.0.0.1', 0, 'PORT');
    const connection = world.connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await eventually(() => expect(connection.text).toMatch(/\r\nKeep-Alive: timeout=75\r\n/));
  });

  it('serves on while it drains, and closes each connection after its response', async () => {
    await world.serve();
    const request = `GET / HTTP/1.1\r\n${HOST}\r\n`;
    const connection = world.connect(request);
    await eventually(() => expect(connection.text).toMatch(/^HTTP\/1.1 200 [^]*\r\nConnection: keep-alive\r\n/i));
    world.listener!.drain();
    connection.text = '';
    connection.socket.write(request);
    await eventually(() => expect(connection.closed).toBe(true));
    expect(connection.text).toMatch(/^HTTP\/1.1 200 [^]*\r\nConnection: close\r\n/i);
    expect(await world.answerTo(request)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('completes responses when it stops', async () => {
    const sent = gate();
    const app = express();
    app.get('/', (_request, response) => {
      response.end(Buffer.alloc(64 * MIB));
      sent.open();
    });
    await world.serve({}, app);
    const connection = world.connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    connection.socket.pause();
    await sent.opened;
    const stopped = world.stop();
    connection.socket.resume();
    await stopped;
    await eventually(() => expect(connection.closed).toBe(true));
    expect(connection.text.length).toBeGreaterThan(64 * MIB);
  });
});
