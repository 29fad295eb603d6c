import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DestinationStream, pino } from 'pino';
import { inMemory } from '../src/platform/process/backends.js';
import { CONTEXTS } from '../src/contexts.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { Process } from '../src/platform/process/process.js';

const CARD = '4111111111111112';
const PERSON = {
  name: { firstName: 'Ada', lastName: 'Lovelace' },
  contact: { email: 'ada@example.com' },
  addresses: [],
};
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const json = (more: object) => JSON.stringify({ ...PERSON, ...more });
const JSON_TYPE = { 'Content-Type': 'application/json' };
const PATCH_TYPE = { 'Content-Type': 'application/merge-patch+json' };

describe('a hostile request', () => {
  const lines: string[] = [];
  let running: Process;
  let customer: string;

  beforeAll(async () => {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0 });
    const logger = pino({ level: 'info' }, { write: (line) => lines.push(line) } as DestinationStream);
    running = new Process(config, CONTEXTS, inMemory(logger), logger);
    await running.start();
    const { body } = await send('POST', '/accounts/customers', json({}));
    customer = `/accounts/customers/${body.id}`;
  });

  afterAll(async () => {
    await running.stop();
    expect(lines.filter((line) => JSON.parse(line).level > 30)).toEqual([]);
    expect(lines.join('\n')).not.toContain(CARD);
  });

  async function send(
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = JSON_TYPE,
  ) {
    const url = `http://127.0.0.1:${running.ports.port}${path}`;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const answer = await fetch(url, { method, headers, ...(bytes && { body: new Uint8Array(bytes) }) });
    const text = await answer.text();
    if (answer.status >= 400) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(JSON.parse(text).status).toBe(answer.status);
      expect(text).not.toContain('node_modules');
      expect(text).not.toContain(CARD);
    }
    return { status: answer.status, text, body: text === '' ? undefined : JSON.parse(text) };
  }

  describe.each(['POST /accounts/customers', 'POST /orders', 'PUT', 'PATCH'])('in the body of %s', (route) => {
    const [method = '', path] = route.split(' ');
    const sendBody = (body: string | Buffer, headers = {}) =>
      send(method, path ?? customer, body, { ...(method === 'PATCH' ? PATCH_TYPE : JSON_TYPE), ...headers });

    it.each([
      ['nesting, as an array', deep(100_000), 422],
      ['nesting, as objects', '{"name":'.repeat(25_000) + '1' + '}'.repeat(25_000), 422],
      ['nothing but null', 'null', 422],
      ['an array', '[]', 422],
      ['a string', '"x"', 422],
      ['a name that is null', '{"name":null}', 422],
      ['the prototype', '{"__proto__":{"name":1}}', 422],
      ['a number past all bounds', '{"name":1e400,"customerId":1e400}', 422],
      ['one byte too many', JSON.stringify('x'.repeat(256 * 1024 - 1)), 413],
      ['bytes that are not UTF-8', Buffer.from('{"name":"\xff"}', 'latin1'), 400],
      ['nothing at all', '', 422],
    ])('is refused: %s', async (_what, body, status) => {
      expect((await sendBody(body)).status).toBe(status);
    });

    it.each([
      ['a gzip bomb', gzipSync(Buffer.alloc(50_000_000)), { 'Content-Encoding': 'gzip' }, 413],
      ['gzip that is none', Buffer.from('{}'), { 'Content-Encoding': 'gzip' }, 400],
      ['gzip that ends early', gzipSync('{"a":1}').subarray(0, 15), { 'Content-Encoding': 'gzip' }, 400],
    ])('is refused: %s', async (_what, body, headers, status) => {
      expect((await sendBody(body, headers)).status).toBe(status);
    });

    it.each(['addresses', 'items', 'creditCards'])('is refused at once: very many wrong %s', async (name) => {
      const body = `{"${name}":[${'{},'.repeat(80_000)}{}]}`;
      const started = Date.now();
      const { status, text } = await sendBody(body);
      expect(status).toBe(422);
      expect(Date.now() - started).toBeLessThan(5_000);
      expect(text.length).toBeLessThan(2_000);
    });
  });

  it('is taken with a byte order mark, and of two members of a name the last', async () => {
    const twice = `\ufeff{"name":{"firstName":"Eve","lastName":"X"},${json({}).slice(1)}`;
    const { status, body } = await send('POST', '/accounts/customers', twice);
    expect([status, body.name]).toEqual([201, PERSON.name]);
  });

  it('counts characters, not code units', async () => {
    const name = { ...PERSON.name, title: '😀'.repeat(50) };
    expect((await send('POST', '/accounts/customers', json({ name }))).status).toBe(201);
    const longer = { ...name, title: `${name.title}😀` };
    expect((await send('POST', '/accounts/customers', json({ name: longer }))).body.errors).toEqual([
      { pointer: '/name/title', message: expect.any(String) },
    ]);
  });

  it.each(['\\ud800', '\\udc00x', '\\\\\\ud800', '\\udc00\\ud800'])(
    'is refused: half a character, %s',
    async (half) => {
      const body = json({ name: { ...PERSON.name, title: 'HALF' } });
      expect((await send('POST', '/accounts/customers', body.replace('HALF', half))).status).toBe(400);
      const whole = body.replace('HALF', '\\ud83d\\ude00 \\\\ud800');
      expect((await send('POST', '/accounts/customers', whole)).body.name.title).toBe('😀 \\ud800');
    },
  );

  it('never quotes a card number, wherever it is', async () => {
    const card = { type: 'PRIMARY', number: CARD, expiration: '12/30', nameOnCard: 'Ada' };
    const cards = [card, { ...card, type: CARD }, { ...card, number: Number(CARD) }, { ...card, last4: CARD }];
    for (const each of cards) {
      const body = json({ creditCards: [each] });
      expect((await send('POST', '/accounts/customers', body)).status).toBe(422);
      expect((await send('POST', '/accounts/customers', body.slice(0, -3))).status).toBe(400);
    }
  });

  it('has no say by a body that no one asked for', async () => {
    const headers = { ...JSON_TYPE, 'Idempotency-Key': 'deep' };
    expect((await send('POST', '/orders/x/ship', deep(100_000), headers)).status).toBe(404);
    expect((await send('DELETE', '/accounts/customers/x', 'x'.repeat(300_000))).status).toBe(404);
  });

  it.each(['garbage', '"', 'W/"1"', '*,*', '"99999999999999999999"', '', '\xff'])(
    'is stale or taken, by If-Match: %j',
    async (tag) => {
      const headers = { ...JSON_TYPE, 'If-Match': tag };
      expect([200, 412]).toContain((await send('PUT', customer, json({}), headers)).status);
    },
  );

  it.each(['wait', 'wait=', 'wait=-1', 'wait=1e9', ';;;,,,=', 'wait=0,'.repeat(1_000)])(
    'does not wait for ever, by Prefer: %.20j',
    async (prefer) => {
      const path = `/orders/customers/x?minVersion=1`;
      expect((await send('GET', path, undefined, { Prefer: prefer })).status).toBe(503);
    },
  );

  it.each([
    ['a cursor of 8,000 characters', `cursor=${'A'.repeat(8_000)}`, 400],
    ['4,000 parameters', 'a&'.repeat(4_000), 422],
    ['a parameter 1,000 times', 'limit=1&'.repeat(1_000), 422],
    ['more than there may be', 'a'.repeat(9_000), 414],
    ['a hexadecimal number', 'limit=0x10', 422],
    ['a number with a point', 'limit=1.0', 422],
    ['the prototype', '__proto__=1', 422],
    ['an escape that is none', 'limit=%zz', 422],
  ])('is refused in the query: %s', async (_what, query, status) => {
    expect((await send('GET', `/orders?${query}`)).status).toBe(status);
  });

  it('answers 405 with Allow to a method that fetch would not send', async () => {
    const answer = await raw('TRACE /orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 405 /);
    expect(answer).toMatch(/\r\nAllow: POST, GET, HEAD\r\n/);
  });

  it.each([
    ['two lengths of the body', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n'],
    ['a chunk without a length', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
  ])('is cut off: %s', async (_what, rest) => {
    const answer = await raw(`POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${rest}`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  function raw(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(running.ports.port, '127.0.0.1');
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      socket.once('error', reject).once('close', () => resolve(answer));
      socket.write(request);
    });
  }
});
