import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../../testing/eventually.js';
import { UnsentResponses } from './unsent-responses.js';

const MB = 1_000_000;
// More than the kernel buffers for a client that does not read.
const LARGE = 8 * MB;

let server: Server;
let open: Socket[];
let listeners: number[];
let unsent: UnsentResponses;

beforeEach(async () => {
  [open, listeners] = [[], []];
  unsent = new UnsentResponses(40 * MB);
  // The path has the caller and the size: /somebody/1000
  server = createServer((request, response) => {
    const [, caller = '', bytes = ''] = request.url?.split('/') ?? [];
    try {
      const before = response.listenerCount('close');
      unsent.send(response, caller, 'x'.repeat(Number(bytes)));
      listeners.push(response.listenerCount('close') - before);
    } catch (error) {
      response.writeHead(503).end(String(error));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  for (const socket of open) socket.destroy();
  server.closeAllConnections();
  server.close();
});

const port = () => (server.address() as AddressInfo).port;
const get = (caller: string, bytes: number) => fetch(`http://127.0.0.1:${port()}/${caller}/${bytes}`);

/** Asks, and never reads. Resolves when the response has begun. */
async function neverRead(caller: string, bytes = LARGE): Promise<Socket> {
  const socket = connect(port(), '127.0.0.1');
  open.push(socket);
  socket.on('error', () => undefined);
  socket.write(`GET /${caller}/${bytes} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

it('sends a response whole, however large', async () => {
  for (const bytes of [0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, LARGE]) {
    const answer = await get('a', bytes);
    expect(answer.headers.get('content-length')).toBe(String(bytes));
    expect((await answer.text()).length).toBe(bytes);
  }
  // Node warns of more than ten, and others listen as well.
  expect(Math.max(...listeners)).toBeLessThanOrEqual(1);
});

it('refuses a response when too much waits for clients that have just begun to read', async () => {
  for (let each = 0; each < 5; each += 1) await neverRead('a');

  expect((await get('a', LARGE)).status).toBe(503);
  expect((await get('a', 100)).status).toBe(200);
});

it('breaks off the response that waits longest, once its client has not read for a second', async () => {
  const longest = await neverRead('a');
  for (let each = 1; each < 5; each += 1) await neverRead('a');

  await eventually(async () => expect((await get('a', LARGE)).status).toBe(200));
  let read = 0;
  longest.on('data', (chunk) => (read += chunk.length));
  await once(longest, 'close');
  expect(read).toBeLessThan(LARGE);
});

it('gives a caller the room of another who has more unsent, and not that of one who has less', async () => {
  const modest = await neverRead('modest', 6 * MB);
  for (let each = 0; each < 4; each += 1) await neverRead('greedy');

  await eventually(async () => expect((await get('another', 6 * MB)).status).toBe(200));
  let read = 0;
  modest.on('data', (chunk) => (read += chunk.length));
  await eventually(() => expect(read).toBeGreaterThan(6 * MB));
});

it('forgets a response whose client has gone', async () => {
  for (let each = 0; each < 5; each += 1) (await neverRead('a')).destroy();

  for (let each = 0; each < 5; each += 1) await eventually(() => neverRead('b'));
  expect((await get('b', LARGE)).status).toBe(503);
});
