import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { silentLogger } from '../../testing/silent-logger.js';
import { problemHandler } from '../resources/problem.js';
import { erasuresFirst } from './erasures-first.js';

describe('requests to a process that may serve erased persons', () => {
  let server: Server;
  let areKnown: boolean;

  beforeEach(async () => {
    areKnown = false;
    const app = express();
    app.use((request, response, next) => {
      response.locals.route = request.path === '/orders' ? '/orders' : '/orders/{orderId}';
      next();
    });
    app.use(erasuresFirst(() => areKnown));
    app.use((_request, response) => void response.status(200).end());
    app.use(problemHandler(silentLogger));
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const send = (method: string, path: string, headers = {}) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method, headers });

  it.each([
    ['GET', '/orders', {}],
    ['GET', '/orders/1', {}],
    ['PATCH', '/orders/1', {}],
    ['DELETE', '/orders/1', {}],
    ['POST', '/orders/1', {}],
    ['POST', '/orders', { 'Idempotency-Key': 'k' }],
  ])('%s %s %j gets 503 until the erasures are known', async (method, path, headers) => {
    const refused = await send(method, path, headers);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ type: 'urn:problem:erasures-unknown' });
    areKnown = true;
    expect((await send(method, path, headers)).status).toBe(200);
  });

  it('that create something are served, because nothing is read for them', async () => {
    expect((await send('POST', '/orders')).status).toBe(200);
  });
});
