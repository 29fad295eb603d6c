import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { eventually } from '../../testing/eventually.js';
import { expectProblem, HOST, ListenerWorld } from '../../testing/listener-world.js';
import { silentLogger } from '../../testing/silent-logger.js';
import { problemHandler } from '../resources/problem.js';
import { MAX_HEADERS, MAX_URL } from './request-limits.js';

const MIB = 1024 ** 2;

describe('a listener', () => {
  let world: ListenerWorld;

  beforeEach(() => {
    world = new ListenerWorld();
  });

  afterEach(() => world.close());

  const get = (url: string, headers = '') => `GET ${url} HTTP/1.1\r\n${HOST}Connection: close\r\n${headers}\r\n`;

  describe('limits the size', () => {
    it('of the URL: 414', async () => {
      await world.serve();
      expect(await world.answerTo(get(`/${'a'.repeat(MAX_URL - 1)}`))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await world.answerTo(get(`/${'a'.repeat(MAX_URL)}`)), 414, 'url-too-long');
      expectProblem(await world.answerTo(get(`/?${'a'.repeat(MAX_URL)}`)), 414, 'url-too-long');
    });

    it('of all headers together: 431', async () => {
      await world.serve({ headerBytes: 1_000 });
      expect(await world.answerTo(get('/', `X: ${'a'.repeat(800)}\r\n`))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await world.answerTo(get('/', `X: ${'a'.repeat(1_000)}\r\n`)), 431, 'headers-too-large');
    });

    it('of all headers together, by default 16 KiB: 431', async () => {
      await world.serve();
      expect(await world.answerTo(get('/', `X: ${'a'.repeat(15 * 1024)}\r\n`))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await world.answerTo(get('/', `X: ${'a'.repeat(16 * 1024)}\r\n`)), 431, 'headers-too-large');
    });

    it('of the number of headers: 431', async () => {
      await world.serve();
      const headers = (count: number) => 'X: a\r\n'.repeat(count - 2);
      expect(await world.answerTo(get('/', headers(MAX_HEADERS)))).toMatch(/^HTTP\/1.1 200 /);
      expectProblem(await world.answerTo(get('/', headers(MAX_HEADERS + 1))), 431, 'headers-too-large');
      expectProblem(await world.answerTo(get('/', headers(3_000))), 431, 'headers-too-large');
    });
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
      ['two Hosts', `GET / HTTP/1.1\r\n${HOST}HOST: other.example\r\nConnection: close\r\n\r\n`, 400],
    ])('%s', async (_what, sent, status) => {
      await world.serve();
      expectProblem(await world.answerTo(sent), status, 'malformed-request');
    });

    it('endless chunk extensions', async () => {
      await world.serve();
      const sent = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(20_000)}\r\n`;
      expectProblem(await world.answerTo(sent), 413, 'body-too-large');
    });

    it('but not after its response has begun', async () => {
      const app = express();
      app.get('/', (_request, response) => void response.write('begun'));
      await world.serve({}, app);
      const connection = world.connect(`GET / HTTP/1.1\r\n${HOST}\r\n`);
      await eventually(() => expect(connection.text).toContain('begun'));
      connection.socket.write('what is this\r\n\r\n');
      await eventually(() => expect(connection.closed).toBe(true));
      expect(connection.text.match(/HTTP\/1.1/g)).toHaveLength(1);
    });
  });

  it('ignores unknown expectations, and accepts HTTP 1.0 without a Host', async () => {
    await world.serve();
    expect(await world.answerTo(get('/', 'Expect: wonders\r\n'))).toMatch(/^HTTP\/1.1 200 /);
    expect(await world.answerTo('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });

  it('lets a client that still sends see why it is refused', async () => {
    const app = express();
    app.use(express.json({ limit: 1_000 }), problemHandler(silentLogger));
    await world.serve({}, app);
    const length = 20 * MIB;
    const connection = world.connect(
      `POST / HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
    );
    for (let sent = 0; sent < length; sent += MIB) {
      const isFree = connection.socket.write(Buffer.alloc(MIB, 'x'));
      if (!isFree) await once(connection.socket, 'drain');
    }
    await eventually(() => expect(connection.text).toMatch(/^HTTP\/1.1 413 .*urn:problem:body-too-large/s));
  });
});
