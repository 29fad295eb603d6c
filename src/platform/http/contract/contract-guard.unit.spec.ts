import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { silentLogger } from '../../testing/silent-logger.js';
import { PlatformError } from '../../tools/errors.js';
import { contractGuard } from './contract-guard.js';
import type { OpenApiDocument } from './openapi.js';
import { problemHandler } from '../resources/problem.js';

const SECRET = '4111111111111111';

const item = {
  type: 'object',
  required: ['name', 'contact'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 10 },
    kind: { type: 'string', enum: ['big', 'small'] },
    contact: { $ref: '#/components/schemas/Contact' },
    'a/b~c': { type: 'integer' },
  },
};
const contact = {
  type: 'object',
  required: ['email'],
  additionalProperties: false,
  properties: { email: { type: 'string', pattern: '@' }, phones: { type: 'array', items: { type: 'string' } } },
};
const jsonBody = (mediaType: string, schema: object) => ({ required: true, content: { [mediaType]: { schema } } });
const limit = { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } };

const document: OpenApiDocument = {
  info: {},
  components: { schemas: { Item: item, Contact: contact } },
  paths: {
    '/items': {
      get: { parameters: [limit, { name: 'owner', in: 'query', required: true, schema: { type: 'string' } }] },
      post: { requestBody: jsonBody('application/json', { $ref: '#/components/schemas/Item' }) },
    },
    '/items/{id}': {
      get: { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] },
      patch: { requestBody: jsonBody('application/merge-patch+json', { type: 'object' }) },
    },
    '/items/{id}/ship': { post: {} },
    '/items/search/{word}': { get: {} },
    '/items/{id}/search': { post: {} },
    '/items/{id}/fail': { get: {} },
  },
};

const FAILURES: Record<string, Error> = {
  stale: new PlatformError('stale', 'stale', 'not the current version'),
  unavailable: new PlatformError('unavailable', 'unavailable', 'the database does not answer'),
  // Domain errors have the shape without the class.
  domain: Object.assign(new Error('the order was shipped'), { kind: 'conflict', code: 'order-already-shipped' }),
  unforeseen: new Error(`mongodb://ann:${SECRET}@host`),
};

/** Returns its input, which proves that a request passed the guard. */
function serve(): Promise<Server> {
  const app = express();
  app.set('query parser', 'simple');
  app.use(contractGuard(document, 1024));
  app.get('/items/:id/fail', (request, _response, next) => next(FAILURES[request.params.id]));
  app.all('/{*path}', (request, response) => void response.json({ body: (request.body ?? null) as unknown }));
  app.use(problemHandler(silentLogger));
  const server = app.listen(0, '127.0.0.1');
  return once(server, 'listening').then(() => server);
}

describe('the contract guard', () => {
  let server: Server;

  beforeAll(async () => {
    server = await serve();
  });

  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const sent = body === undefined ? {} : { body };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(url, { method, headers: { ...type, ...headers }, ...sent });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Expects a problem (RFC 9457) that quotes nothing from the request, and returns it. */
  async function problem(...request: Parameters<typeof ask>) {
    const { status, headers, text } = await ask(...request);
    expect(headers.get('content-type')).toBe('application/problem+json');
    const body = JSON.parse(text) as { type: string; title: string; status: number; errors?: { pointer: string }[] };
    expect(body).toMatchObject({
      status,
      type: expect.stringMatching(/^urn:problem:[a-z-]+$/),
      instance: expect.any(String),
    });
    expect(body.title).not.toBe('');
    expect(text).not.toContain(SECRET);
    return { ...body, headers, pointers: body.errors?.map(({ pointer }) => pointer).sort() };
  }

  const post = (body: unknown) => problem('POST', '/items', JSON.stringify(body));
  const good = { name: 'x', contact: { email: 'a@b' } };

  it('accepts requests that match the document', async () => {
    expect((await ask('GET', '/items?owner=a&limit=100')).status).toBe(200);
    expect((await ask('GET', '/items/1')).status).toBe(200);
    expect((await ask('HEAD', '/items/1')).status).toBe(200);
    expect((await ask('POST', '/items/1/ship')).status).toBe(200);
    expect(JSON.parse((await ask('POST', '/items', JSON.stringify(good))).text)).toEqual({ body: good });
  });

  it('prefers a static path segment to a parameter', async () => {
    expect((await ask('GET', '/items/search/search')).status).toBe(200);
    expect((await ask('POST', '/items/1/search')).status).toBe(200);
  });

  it.each(['/', '/item', '/items/1/2/3', '/items/1/unknown', '/ITEMS'])('responds 404 to %s', async (path) => {
    expect(await problem('GET', path)).toMatchObject({ status: 404, type: 'urn:problem:not-found', instance: path });
  });

  it.each([
    ['DELETE', '/items', 'GET, HEAD, POST'],
    ['PUT', '/items/1', 'GET, HEAD, PATCH'],
    ['GET', '/items/1/ship', 'POST'],
  ])('refuses %s of %s: 405, with the allowed methods', async (method, path, allowed) => {
    const refused = await problem(method, path);

    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe(allowed);
  });

  it.each([
    ['another type', 'POST', '/items', { 'content-type': 'text/plain' }],
    ['the type of another method', 'PATCH', '/items/1', { 'content-type': 'application/json' }],
    ['an unknown encoding', 'POST', '/items', { 'content-encoding': 'secret' }],
    ['an unknown charset', 'POST', '/items', { 'content-type': 'application/json; charset=secret' }],
  ])('refuses a body of %s: 415', async (_, method, path, headers) => {
    expect((await problem(method, path, JSON.stringify(good), headers)).status).toBe(415);
  });

  it('refuses a missing body: 415', async () => {
    expect((await problem('POST', '/items')).status).toBe(415);
  });

  it('names the media type of a patch', async () => {
    const refused = await problem('PATCH', '/items/1', '{}', { 'content-type': 'application/json' });

    expect(refused.headers.get('accept-patch')).toBe('application/merge-patch+json');
    const taken = await ask('PATCH', '/items/1', '{}', { 'content-type': 'application/merge-patch+json' });
    expect(taken.status).toBe(200);
  });

  it('refuses a body that is too large: 413', async () => {
    expect((await post({ ...good, name: SECRET.repeat(100) })).status).toBe(413);
  });

  it.each([`{"card":"${SECRET}"`, `{'card': ${SECRET}}`, SECRET + 'x', '{"a":1}}'])(
    'refuses a body that is not JSON: 400, for %s',
    async (body) => {
      expect(await problem('POST', '/items', body)).toMatchObject({
        status: 400,
        type: 'urn:problem:malformed-request',
      });
    },
  );

  it.each([
    ['a missing field', { contact: {} }, ['/contact/email', '/name']],
    [
      'an unknown field',
      { ...good, card: SECRET, contact: { email: 'a@b', card: SECRET } },
      ['/card', '/contact/card'],
    ],
    [
      'a field of another type',
      { name: 1, contact: { email: 'a@b', phones: ['1', 2] } },
      ['/contact/phones/1', '/name'],
    ],
    [
      'a field that breaks a rule',
      { name: SECRET, kind: SECRET, contact: { email: SECRET } },
      ['/contact/email', '/contact/email', '/kind', '/name', '/name'],
    ],
    [
      'a text with a card number',
      { name: 'a', contact: { email: 'a@b', phones: ['1', `no ${SECRET}`] } },
      ['/contact/phones/1'],
    ],
    ['a field with / and ~ in its name', { ...good, 'a/b~c': SECRET }, ['/a~1b~0c']],
    ['a number in quotes', { ...good, 'a/b~c': '1' }, ['/a~1b~0c']],
    ['the whole body, if it is a string', SECRET, ['']],
    ['the whole body, if it is null', null, ['']],
    ['the whole body, if it is an array', [good], ['']],
  ])('names %s: 422', async (_, body, pointers) => {
    expect(await post(body)).toMatchObject({ status: 422, type: 'urn:problem:invalid-request', pointers });
  });

  it.each([
    ['an unknown parameter', '/items?owner=a&card=' + SECRET, ['/card']],
    ['an unknown parameter of an operation without parameters', '/items/1?limit=1', ['/limit']],
    ['a missing parameter', '/items', ['/owner']],
    ['a parameter of another type', `/items?owner=a&limit=${SECRET}x`, ['/limit']],
    ['a parameter out of range', '/items?owner=a&limit=101', ['/limit']],
    ['several at once', '/items?limit=0&card=1', ['/card', '/limit', '/owner']],
  ])('names %s: 422', async (_, path, pointers) => {
    expect(await problem('GET', path)).toMatchObject({ status: 422, pointers });
  });

  it('reports the path of the request without its query', async () => {
    expect(await problem('GET', `/items?card=${SECRET}`)).toMatchObject({ instance: '/items' });
  });

  describe('behind the guard', () => {
    it.each([
      ['stale', 412, 'stale', 'Stale'],
      ['unavailable', 503, 'unavailable', 'Unavailable'],
      ['domain', 409, 'order-already-shipped', 'Order already shipped'],
    ])('a coded error becomes its problem: %s', async (id, status, code, title) => {
      const answer = await problem('GET', `/items/${id}/fail`);

      expect(answer).toMatchObject({ status, type: `urn:problem:${code}`, title, detail: FAILURES[id]?.message });
      expect(answer.headers.get('retry-after')).toBe(status === 503 ? '1' : null);
    });

    it('an unexpected error is 500, without a detail', async () => {
      const answer = await problem('GET', '/items/unforeseen/fail');

      expect(answer).toMatchObject({ status: 500, type: 'urn:problem:internal-error' });
      expect(answer).not.toHaveProperty('detail');
    });
  });
});
