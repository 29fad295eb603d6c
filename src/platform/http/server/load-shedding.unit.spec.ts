import { once } from 'node:events';
import { request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import express from 'express';
import { eventually } from '../../testing/eventually.js';
import { gate } from '../../testing/gate.js';
import { silentLogger } from '../../testing/silent-logger.js';
import { loadShedding } from './load-shedding.js';
import { problemHandler } from '../resources/problem.js';

const KIB = 1024;

let server: Server;
let held: ReturnType<typeof gate>;
let taken: number;

beforeEach(async () => {
  held = gate();
  taken = 0;
  const app = express();
  app.use(loadShedding(100 * KIB, 50 * KIB));
  app.use(async (_request, response) => {
    taken += 1;
    await held.opened;
    response.end();
  });
  app.use(problemHandler(silentLogger));
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  held.open();
  server.closeAllConnections();
  server.close();
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const get = () => fetch(url());
const post = (bytes: number) => fetch(url(), { method: 'POST', body: 'x'.repeat(bytes) });

it('responds 503 with Retry-After beyond the limit, and accepts requests again afterwards', async () => {
  // 6 times 16 KiB are 96.
  const all = Array.from({ length: 6 }, get);
  await eventually(() => expect(taken).toBe(6));

  const refused = await get();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ type: 'urn:problem:unavailable', status: 503 });

  held.open();
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(6).fill(200));
  await eventually(async () => expect((await get()).status).toBe(200));
});

it('counts the length of a body, up to the body limit', async () => {
  const large = [post(30 * KIB), post(30 * KIB)];
  await eventually(() => expect(taken).toBe(2));

  expect((await get()).status).toBe(503);

  held.open();
  await Promise.all(large);
  await eventually(async () => expect((await post(80 * KIB)).status).toBe(200));
});

it('counts the body limit for a body of unknown length', async () => {
  const chunked = send(url(), { method: 'POST' });
  chunked.on('error', () => undefined);
  chunked.write('x');
  await eventually(() => expect(taken).toBe(1));

  expect((await post(20 * KIB)).status).toBe(503);

  chunked.destroy();
  held.open();
  await eventually(async () => expect((await post(20 * KIB)).status).toBe(200));
});
