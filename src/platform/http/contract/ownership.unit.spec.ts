import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { Caller } from '../../operating/auth/caller.js';
import { silentLogger } from '../../testing/silent-logger.js';
import { onlyFor } from '../resources/only-for.js';
import { problemHandler } from '../resources/problem.js';
import { tracing } from '../server/tracing.js';
import { contractGuard } from './contract-guard.js';
import type { OpenApiDocument } from './openapi.js';

const alternatives = (...all: string[][]) => ({ security: all.map((bearer) => ({ bearer })) });
const example = { type: 'urn:problem:owner-not-found', title: 'Owner not found', status: 404, detail: 'no such owner' };

const document: OpenApiDocument = {
  info: {},
  paths: {
    '/documented/{customerId}': {
      get: {
        ...alternatives(['things:read'], ['things:self']),
        responses: { 404: { description: 'x', content: { 'application/problem+json': { schema: {}, example } } } },
      },
    },
    '/undocumented/{kind}/{customerId}/parts': { get: alternatives(['things:read'], ['things:self']) },
    '/things': { get: alternatives(['things:read'], ['things:self']) },
    '/two': { get: alternatives(['things:read', 'parts:read'], ['things:self', 'parts:self']) },
    '/mixed': { get: alternatives(['things:read'], ['parts:read', 'things:self']) },
    '/self': { get: alternatives(['things:self']) },
    '/staff': { get: alternatives(['things:read']) },
    '/open': { get: {} },
  },
};

/** A token is its scopes and, behind a slash, its customer. */
function verify(token: string): Promise<Caller> {
  const [scopes = '', customer] = token.split('/');
  return Promise.resolve({ subject: 'ann', scopes: new Set(scopes.split('+')), ...(customer && { customer }) });
}

describe('the contract guard, for tokens of customers', () => {
  let server: Server;

  beforeAll(async () => {
    const app = express();
    app.use(tracing(), contractGuard(document, 1024, verify));
    app.get('/{*path}', (request, response) => void response.json({ onlyFor: onlyFor(request) ?? 'all' }));
    app.use(problemHandler(silentLogger));
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function ask(path: string, token: string) {
    const { port } = server.address() as AddressInfo;
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const body = (await response.json()) as { onlyFor?: string; type?: string; detail?: string };
    return { status: response.status, body, challenge: response.headers.get('www-authenticate') };
  }

  it.each([
    ['/things', 'things:read', 'all'],
    ['/things', 'things:read+things:self/c-1', 'all'],
    ['/things', 'things:self/c-1', 'c-1'],
    ['/two', 'things:read+parts:read', 'all'],
    ['/two', 'things:self+parts:self/c-1', 'c-1'],
    ['/mixed', 'parts:read+things:self/c-1', 'c-1'],
    ['/self', 'things:self/c-1', 'c-1'],
    ['/staff', 'things:read/c-1', 'all'],
    ['/open', 'nothing/c-1', 'all'],
    ['/documented/c-1', 'things:self/c-1', 'c-1'],
    ['/documented/c-2', 'things:read/c-1', 'all'],
    ['/undocumented/c-2/c-1/parts', 'things:self/c-1', 'c-1'],
  ])('lets into %s the token %s, for %s', async (path, token, restriction) => {
    expect(await ask(path, token)).toMatchObject({ status: 200, body: { onlyFor: restriction } });
  });

  it.each([
    ['/things', 'things:self', 'things:read'],
    ['/things', 'parts:self/c-1', 'things:read'],
    ['/two', 'things:self/c-1', 'things:read'],
    ['/two', 'things:read+parts:self/c-1', 'parts:read'],
    ['/mixed', 'parts:read+things:self', 'things:read'],
    ['/self', 'things:self', 'things:self'],
    ['/self', 'things:read/c-1', 'things:self'],
    ['/staff', 'things:self/c-1', 'things:read'],
  ])('refuses at %s the token %s, which lacks %s', async (path, token, scope) => {
    const challenge = `Bearer realm="accounts-orders", error="insufficient_scope", scope="${scope}"`;
    expect(await ask(path, token)).toMatchObject({ status: 403, challenge });
  });

  it.each([
    ['/documented/c-2', 'urn:problem:owner-not-found', 'no such owner'],
    ['/documented/c-1%20', 'urn:problem:owner-not-found', 'no such owner'],
    ['/undocumented/c-1/c-2/parts', 'urn:problem:not-found', 'there is no such customer'],
  ])('finds nothing at %s of another customer', async (path, type, detail) => {
    expect(await ask(path, 'things:self/c-1')).toMatchObject({ status: 404, body: { type, detail } });
  });
});
