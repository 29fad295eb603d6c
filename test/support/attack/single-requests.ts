import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectNet } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Gateway } from '../gateway/gateway.js';
import { token } from '../gateway/tokens.js';
import { customerInput } from '../requests.js';
import { RunningProcess, temporaryDirectory } from '../run-process.js';

/** What one request, or a few, got that should have got less; and what it should get. */
export interface SingleRequest {
  readonly finding: string;
  readonly got: string;
  readonly should: string;
}

/** @param project whose build the process without tokens is */
export async function singleRequests(gateway: Gateway, project?: string): Promise<SingleRequest[]> {
  const { body: customer } = await gateway.call('POST', '/accounts/customers', { body: customerInput('Ada') });
  const path = `/accounts/customers/${customer.id as string}`;
  const namedLikeCard = { ...customerInput('Ada'), name: { firstName: 'Ada', lastName: '4111 1111 1111 1111' } };
  return [
    {
      finding: 'a cursor that somebody made, with values of another kind',
      got: String((await gateway.call('GET', `/orders?cursor=${forgedCursor()}`)).status),
      should: '400',
    },
    {
      finding: 'a card number as a last name',
      got: String((await gateway.call('POST', '/accounts/customers', { body: namedLikeCard })).status),
      should: '422',
    },
    {
      finding: 'an ID token',
      got: String((await gateway.call('GET', '/orders', { token: token({ nonce: 'n' }) })).status),
      should: '401',
    },
    {
      finding: '`PATCH {}` with `customers:write` alone',
      got: String((await gateway.call('PATCH', path, { body: {}, token: token({ scope: 'customers:write' }) })).status),
      should: '403',
    },
    {
      finding: 'a key of idempotency, with a slash at the end of the path',
      got: await customersOfOneKey(gateway),
      should: '1 customer',
    },
    { finding: '5,000 unknown fields', got: await errorsOfManyFields(gateway), should: '100 errors' },
    { finding: '1.5 MB, by a client that still sends', got: await whileSending(gateway), should: '413' },
    { finding: 'a PROXY header on the inner socket', got: await throughInnerSocket(gateway), should: 'nothing' },
    ...(await withoutTokens(project)),
  ];
}

/** As cursors were made once: a checksum of the list and the values, which anybody can compute. */
function forgedCursor(): string {
  const content = JSON.stringify([{ $gt: '' }, 'x']);
  const checksum = createHash('sha256').update(`/orders?sort=createdAt\n${content}`).digest('base64url').slice(0, 16);
  return Buffer.from(checksum + content).toString('base64url');
}

async function customersOfOneKey(gateway: Gateway): Promise<string> {
  const headers = { 'idempotency-key': `key-${Date.now()}` };
  const sent = { headers, body: customerInput('Ada') };
  const first = await gateway.call('POST', '/accounts/customers', sent);
  const second = await gateway.call('POST', '/accounts/customers/', sent);
  return first.body.id === second.body.id ? '1 customer' : '2 customers';
}

async function errorsOfManyFields(gateway: Gateway): Promise<string> {
  const body = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`unknown${index}`, 1]));
  const answer = await gateway.call('POST', '/accounts/customers', { body });
  return `${(answer.body.errors as unknown[]).length} errors`;
}

async function whileSending(gateway: Gateway): Promise<string> {
  const { port } = new URL(gateway.url);
  const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca: gateway.certificate });
  let answer = '';
  socket
    .setEncoding('utf8')
    .on('data', (text: string) => (answer += text))
    .on('error', () => undefined);
  const head = `POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n`;
  socket.write(`${head}Content-Type: application/json\r\nContent-Length: 1500000\r\n\r\n`);
  for (let sent = 0; sent < 15 && !socket.destroyed; sent += 1) {
    socket.write('x'.repeat(100_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sleep(500);
  socket.destroy();
  return /^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 'nothing';
}

async function throughInnerSocket(gateway: Gateway): Promise<string> {
  const { port } = new URL(gateway.url);
  const inner = connectNet({ path: `\0gateway-${port}`.padEnd(108, '\0') });
  let answer = '';
  inner
    .setEncoding('latin1')
    .on('data', (text: string) => (answer += text))
    .on('error', () => undefined);
  const forged = Buffer.from('0d0a0d0a000d0a515549540a2111000c0a0000017f00000100010050', 'hex');
  inner.write(
    Buffer.concat([forged, Buffer.from(`GET /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token()}\r\n\r\n`)]),
  );
  await sleep(500);
  inner.destroy();
  return /^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 'nothing';
}

async function withoutTokens(project?: string): Promise<SingleRequest[]> {
  const open = await new RunningProcess(['serve'], { DATA_DIR: temporaryDirectory() }, project).ready();
  const statusOf = async (headers: Record<string, string>) => {
    const sent = request(`${open.url}/orders`, { headers }).end();
    const [response] = (await once(sent, 'response')) as [{ statusCode?: number; resume(): void }];
    response.resume();
    return String(response.statusCode);
  };
  return [
    { finding: 'without tokens, a foreign `Host`', got: await statusOf({ host: 'evil.example' }), should: '421' },
    {
      finding: 'without tokens, a foreign `Origin`',
      got: await statusOf({ origin: 'http://evil.example' }),
      should: '403',
    },
  ];
}
