import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import express from 'express';
import { createHttpServer } from './http-server.js';

let server: Server;

afterEach(() => void server.close());

async function serve(app: express.Express): Promise<string> {
  server = createHttpServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('gives handlers everything that Express gives them', async () => {
  const app = express();
  app.set('mine', 'set on the app');
  app.use(express.json());
  app.post('/things/:id', (request, response) => {
    const { params, query, body, protocol } = request as {
      params: object;
      query: object;
      body: unknown;
    } & express.Request;
    response
      .status(201)
      .set('X-Mine', String(request.app.get('mine')))
      .json({ params, query, body, protocol, type: request.get('content-type'), same: response.app === app });
  });
  const url = await serve(app);

  const answer = await fetch(`${url}/things/a?b=c`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"d":1}',
  });

  expect(answer.status).toBe(201);
  expect(answer.headers.get('x-mine')).toBe('set on the app');
  expect(await answer.json()).toEqual({
    params: { id: 'a' },
    query: { b: 'c' },
    body: { d: 1 },
    protocol: 'http',
    type: 'application/json',
    same: true,
  });
});

it('does not change a prototype during a request', async () => {
  const app = express();
  const seen: object[] = [];
  app.get('/', (request, response) => void response.json(seen.push(request, response)));
  const url = await serve(app);
  const born = new Map<object, object | null>();
  server.prependListener('request', (request, response) => {
    for (const each of [request, response]) born.set(each, Object.getPrototypeOf(each) as object);
  });

  await fetch(url);

  expect(seen).toHaveLength(2);
  for (const each of seen) expect(Object.getPrototypeOf(each)).toBe(born.get(each));
});
