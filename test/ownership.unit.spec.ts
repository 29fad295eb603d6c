import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { CONTEXTS } from '../src/contexts.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { inMemory } from '../src/platform/process/backends.js';
import { documentsOf } from '../src/platform/process/documents.js';
import { Process } from '../src/platform/process/process.js';
import { TokenIssuer } from '../src/platform/testing/token-issuer.js';
import { type Answer, call } from './support/http.js';
import {
  type Decision,
  DECISIONS,
  idsIn,
  type Possession,
  requestOf,
  selfOf,
  TARGETS,
  TOKENS,
} from './support/ownership.js';
import { customerInput, orderInput } from './support/requests.js';

const { openApi } = documentsOf(CONTEXTS, 1);
const OPERATIONS = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);
const MISSING: Possession = { customerId: randomUUID(), lastName: 'Nobody', orderId: randomUUID() };
const STAFF = 'customers:read customers:write orders:read orders:write';

let issuer: TokenIssuer;
const running: Process[] = [];
let url: string;

async function start(settings: object): Promise<string> {
  const logger = pino({ level: 'silent' });
  const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, ...issuer.settings, ...settings });
  const process = new Process(config, CONTEXTS, inMemory(logger), logger);
  running.push(process);
  await process.start();
  await process.joined();
  return `http://127.0.0.1:${process.ports.port}`;
}

beforeAll(async () => {
  issuer = await TokenIssuer.start();
  url = await start({ AUTH_OWNERSHIP: 'claim' });
});
afterAll(async () => {
  for (const process of running) await process.stop();
  await issuer.stop();
});

interface Asked {
  readonly scopes: string;
  readonly customer?: unknown;
  readonly sub?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(method: string, path: string, { scopes, customer, sub, body, headers }: Asked, at = url) {
  const token = await issuer.sign({ scope: scopes, customer_id: customer, ...(sub !== undefined && { sub }) });
  const authorization = `Bearer ${token}`;
  return call(method, at + path, { body, headers: { authorization, ...headers } });
}

let made = 0;
async function possess(at = url, count = 1): Promise<Possession> {
  const lastName = `Owner${(made += 1)}`;
  const asStaff = { scopes: STAFF };
  const customer = await ask('POST', '/accounts/customers', { ...asStaff, body: customerInput(lastName) }, at);
  const customerId = String(customer.body.id);
  const body = { ...orderInput(customerId), minCustomerVersion: 1 };
  const place = () => ask('POST', '/orders', { ...asStaff, body, headers: { prefer: 'wait=10' } }, at);
  const orders = await Promise.all(Array.from({ length: count }, place));
  expect(orders.map(({ status }) => status)).toEqual(orders.map(() => 201));
  return { customerId, lastName, orderId: String(orders[0]!.body.id) };
}

function expectRefusal({ scope }: Decision, { status, headers, body }: Answer): void {
  if (status < 400) return;
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(body).not.toHaveProperty('version');
  const challenge = `Bearer realm="accounts-orders", error="insufficient_scope", scope="${scope}"`;
  expect(headers.get('www-authenticate')).toBe(status === 403 ? challenge : null);
}

it('decides on every operation that there is', () => {
  expect(OPERATIONS.sort()).toEqual(Object.keys(DECISIONS).sort());
});

describe.each(OPERATIONS)('%s', (operation) => {
  const decision = DECISIONS[operation]!;

  it.each(TOKENS)('with $name', async ({ scopes, statuses, customer }) => {
    for (const [index, target] of TARGETS.entries()) {
      const [own, other] = [await possess(), await possess()];
      const of = { own, other, missing: MISSING }[target];
      const { method, path, body } = requestOf(operation, of);
      const asked = { scopes: scopes(decision).join(' '), ...(customer && { customer: own.customerId }), body };
      const status = statuses(decision)[index];

      const answer = await ask(method, path, asked);

      expect([target, answer.status]).toEqual([target, status]);
      expectRefusal(decision, answer);
      if (status === 200 && decision.lists) {
        const isFound = target !== 'missing' && (target === 'own' || scopes(decision).includes(decision.scope));
        expect(idsIn(answer)).toEqual(isFound ? decision.lists(of) : []);
      }
      if (answer.status >= 400) await expectUnchanged([own, other]);
    }
  });

  it("answers of what is another's exactly as of what is missing", async () => {
    const [own, other] = [await possess(), await possess()];
    const asked = { scopes: selfOf(decision), customer: own.customerId };
    const stated = ['"7"', '"1"', '*'].map((etag) => ({ 'if-match': etag }));
    for (const headers of [{}, ...stated] as Record<string, string>[]) {
      const answers = await Promise.all(
        [other, MISSING].map(async (of) => {
          const { method, path, body } = requestOf(operation, of);
          const { status, headers: answered, body: problem } = await ask(method, path, { ...asked, body, headers });
          const { instance: _, ...rest } = (problem ?? {}) as { instance?: string };
          return { status, rest, challenge: answered.get('www-authenticate'), etag: answered.get('etag') };
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
      const { method, path, body } = requestOf(operation, MISSING);
      const forStaff = await ask(method, path, { scopes: STAFF, body, headers });
      if (answers[0]!.status === 404) {
        expect({ ...answers[0]!.rest, instance: path }).toEqual(forStaff.body);
      }
    }
  });

  it('takes a self scope for nothing while ownership is off', async () => {
    const off = await offUrl();
    const own = await possess(off);
    const { method, path, body } = requestOf(operation, own);
    const asked = { scopes: selfOf(decision), customer: own.customerId, body };
    const answer = await ask(method, path, asked, off);
    expect(answer.status).toBe(403);
    expectRefusal(decision, answer);
    const both = await ask(method, path, { ...asked, scopes: `${selfOf(decision)} ${decision.scope}` }, off);
    expect(both.status).toBe(decision.staff[0]);
  });
});

let off: Promise<string> | undefined;
const offUrl = () => (off ??= start({}));

/** Of the possessions that were refused: still as they were made. */
async function expectUnchanged(all: readonly Possession[]): Promise<void> {
  for (const { customerId, orderId } of all) {
    const customer = await ask('GET', `/accounts/customers/${customerId}`, { scopes: STAFF });
    const order = await ask('GET', `/orders/${orderId}`, { scopes: STAFF });
    const copy = await ask('GET', `/orders/customers/${customerId}`, { scopes: STAFF });
    expect([customer.body.version, order.body.version, idsIn(copy)]).toEqual([1, 1, [orderId]]);
  }
}

describe('a customer', () => {
  const SELF = 'customers:self orders:self';
  let own: Possession;
  let other: Possession;

  beforeAll(async () => {
    [own, other] = [await possess(url, 5), await possess(url, 5)];
  });

  const asOwn = (method: string, path: string, more: Partial<Asked> = {}) =>
    ask(method, path, { scopes: SELF, customer: own.customerId, ...more });

  it.each([42, true, '', 'x'.repeat(101), ['own'], null])('is nobody with the claim %j', async (customer) => {
    for (const path of ['/orders', '/accounts/customers', `/accounts/customers/${own.customerId}`]) {
      expect((await ask('GET', path, { scopes: SELF, customer })).status).toBe(403);
    }
  });

  it('is the same however the path is written', async () => {
    const escaped = (id: string) => id.replaceAll(/./g, (char) => `%${char.charCodeAt(0).toString(16)}`);
    for (const list of ['/accounts/customers', '/orders/customers']) {
      for (const path of [own.customerId, escaped(own.customerId), `${own.customerId}/`]) {
        expect([path, (await asOwn('GET', `${list}/${path}`)).status]).toEqual([path, 200]);
        expect([path, (await asOwn('HEAD', `${list}/${path}`)).status]).toEqual([path, 200]);
      }
      for (const path of [escaped(other.customerId), `${other.customerId}/`, '%', '%zz', '%C0%80', '%00']) {
        expect([path, (await asOwn('GET', `${list}/${path}`)).status]).toEqual([path, 404]);
        expect([path, (await asOwn('HEAD', `${list}/${path}`)).status]).toEqual([path, 404]);
      }
    }
  });

  it('gets all that is its own in a list without a filter', async () => {
    expect(idsIn(await asOwn('GET', '/accounts/customers'))).toEqual([own.customerId]);
    const orders = await everyOrderOf(own);
    expect(orders).toHaveLength(5);
    expect(idsIn(await asOwn('GET', '/orders'))).toEqual(orders);
    const first = await asOwn('GET', '/orders?limit=2');
    const rest = await asOwn('GET', `/orders?cursor=${encodeURIComponent(first.body.next)}`);
    expect([...idsIn(first), ...idsIn(rest)]).toEqual(orders);
  });

  it('may send a patch that changes nothing, for which others need to read', async () => {
    const path = `/accounts/customers/${own.customerId}`;
    expect((await asOwn('PATCH', path, { body: {} })).status).toBe(200);
    const staff = await asOwn('PATCH', path, { body: {}, scopes: 'customers:write customers:self' });
    expect([staff.status, staff.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer realm="accounts-orders", error="insufficient_scope", scope="customers:read"',
    ]);
  });

  it('gets the attestation of its own erasure, and of no other', async () => {
    const [erased, another] = [await possess(), await possess()];
    const pathOf = ({ customerId }: Possession) => `/accounts/customers/${customerId}`;
    for (const each of [erased, another]) {
      expect((await ask('DELETE', pathOf(each), { scopes: STAFF })).status).toBe(204);
    }
    const attestationOf = (of: Possession) =>
      ask('GET', `${pathOf(of)}/erasure`, { scopes: SELF, customer: erased.customerId });
    expect((await attestationOf(erased)).body).toMatchObject({ id: erased.customerId });
    const [ofAnother, ofNobody] = [await attestationOf(another), await attestationOf(MISSING)];
    expect([ofAnother.status, ofNobody.status]).toEqual([404, 404]);
    expect({ ...ofAnother.body, instance: '' }).toEqual({ ...ofNobody.body, instance: '' });
  });

  it('gets no stored answer of another customer for whom the same subject acts', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const cancel = (customer: string) =>
      ask('POST', `/orders/${other.orderId}/cancel`, { scopes: 'orders:self', customer, sub: 'agent', headers });
    expect((await cancel(other.customerId)).status).toBe(200);
    expect((await cancel(other.customerId)).headers.get('idempotency-replayed')).toBe('true');
    expect((await cancel(own.customerId)).status).toBe(404);

    const body = orderInput(other.customerId);
    const place = (customer: string) =>
      ask('POST', '/orders', { scopes: 'orders:self', customer, sub: 'agent', headers, body });
    expect((await place(other.customerId)).status).toBe(201);
    expect((await place(own.customerId)).status).toBe(403);
  });

  it('never gets what is not its own in a list, whatever it filters and whichever cursor it sends', async () => {
    const cursors = await cursorsOf([
      { scopes: STAFF },
      ...[own, other].map(({ customerId: customer }) => ({ scopes: SELF, customer })),
    ]);
    expect(cursors.length).toBeGreaterThan(10);
    const mine = new Set([own.customerId, ...(await everyOrderOf(own))]);
    const any = fc.constantFrom(own, other, MISSING);
    const perhaps = (value: fc.Arbitrary<string>) => fc.option(value, { nil: undefined });
    const cursor = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, fc.constantFrom(...cursors), fc.base64String());
    const common = {
      limit: fc.constantFrom('1', '2', '50', '200'),
      sort: perhaps(fc.constantFrom('createdAt', '-createdAt', 'updatedAt,createdAt', '-updatedAt')),
      cursor: cursor.map((value) => value || undefined),
    };
    const customers = fc.record({
      ...common,
      lastName: perhaps(any.map(({ lastName }) => lastName)),
      email: perhaps(any.map(({ lastName }) => `${lastName.toLowerCase()}@example.com`)),
      postalCode: perhaps(fc.constantFrom('62701', '62702', '1')),
    });
    const orders = fc.record({
      ...common,
      customerId: perhaps(any.map(({ customerId }) => customerId)),
      status: perhaps(fc.constantFrom('PLACED', 'SHIPPED', 'CANCELLED')),
    });
    const { sort: _, ...unsorted } = common;
    const copies = fc.tuple(any, fc.record(unsorted));
    const requests = fc.oneof(
      customers.map((query) => ['/accounts/customers', query] as const),
      orders.map((query) => ['/orders', query] as const),
      copies.map(([{ customerId }, query]) => [`/orders/customers/${customerId}`, query] as const),
    );
    let found = 0;
    await fc.assert(
      fc.asyncProperty(requests, async ([path, query]) => {
        const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
        const answer = await asOwn('GET', `${path}?${new URLSearchParams(given).toString()}`);
        expect([200, 400, 404]).toContain(answer.status);
        expect(idsIn(answer).filter((id) => !mine.has(id))).toEqual([]);
        expect(answer.text).not.toContain(other.lastName);
        found += idsIn(answer).length;
      }),
      { numRuns: 400 },
    );
    expect(found).toBeGreaterThan(50);
  });

  async function everyOrderOf({ customerId }: Possession): Promise<string[]> {
    return idsIn(await ask('GET', `/orders?customerId=${customerId}&limit=200`, { scopes: STAFF }));
  }

  /** Cursors of lists that these callers may read. */
  async function cursorsOf(callers: readonly Asked[]): Promise<string[]> {
    const paths = [
      '/accounts/customers?',
      '/orders?',
      `/orders?sort=-createdAt&`,
      `/orders?customerId=${other.customerId}&`,
    ];
    const pages = [...paths, ...[own, other].map(({ customerId }) => `/orders/customers/${customerId}?`)];
    const answers = await Promise.all(
      callers.flatMap((caller) => pages.map((path) => ask('GET', `${path}limit=1`, caller))),
    );
    return answers.flatMap(({ body }) => (body.next === undefined ? [] : [String(body.next)]));
  }
});
