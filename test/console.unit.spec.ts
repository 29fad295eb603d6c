import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  ActionView,
  ErasureView,
  EventView,
  Flow,
  PastState,
  Session,
  Timeline,
} from '../src/platform/console/api.js';
import type { LetterPage, LettersOfTopic } from '../src/platform/console/letters-api.js';
import { toDeadLetter } from '../src/platform/consuming/dead-letter.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { TokenIssuer } from '../src/platform/testing/token-issuer.js';
import { eventRecord, registrationOf } from './support/poison.js';
import { MemorySystem } from './support/memory-system.js';
import { customerInput, orderInput } from './support/requests.js';
import { call, get } from './support/http.js';

const CUSTOMERS = 'accounts.customer.change';

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what a test expects of the body, it says itself
async function ask<Body>(url: string, headers = {}): Promise<{ status: number; body: Body }> {
  const { status, body } = await get(url, headers);
  return { status, body: body as Body };
}

/** The first messages of the flow. */
async function flowsOf(url: string, count: number): Promise<Flow[]> {
  const stopped = new AbortController();
  const response = await fetch(`${url}/console/api/flow`, { signal: stopped.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const flows: Flow[] = [];
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() as string;
    for (const block of blocks) if (block.startsWith('data: ')) flows.push(JSON.parse(block.slice(6)) as Flow);
    if (flows.length >= count) break;
  }
  stopped.abort();
  return flows;
}

describe('the console', () => {
  let system: MemorySystem;
  let api: string;
  let id: string;

  beforeAll(async () => {
    system = await MemorySystem.open();
    await system.start();
    api = `${system.managementUrl}/console/api`;
    const created = await call('POST', `${system.url}/accounts/customers`, { body: customerInput('Lovelace') });
    id = created.body.id as string;
    const url = `${system.url}/accounts/customers/${id}`;
    const changed = await call('PATCH', url, {
      body: { name: { firstName: 'Grace', lastName: 'Hopper' } },
    });
    expect(changed.status).toBe(200);
    await call('POST', `${system.url}/orders`, {
      body: { ...orderInput(id), minCustomerVersion: 2 },
      headers: { prefer: 'wait=10' },
    });
    await eventually(async () => {
      const { body } = await ask<Timeline>(`${api}/aggregates/${CUSTOMERS}/${id}`);
      expect(body.changes).toHaveLength(2);
    });
  });

  afterAll(() => system.stop());

  it('says who the viewer is, and what is here', async () => {
    const { body } = await ask<Session>(`${api}/session`);
    expect(body).toMatchObject({ mayAct: true, mayOpen: true, modules: ['accounts', 'orders'] });
    expect(body.kinds.map(({ topic, isHere }) => [topic, isHere])).toEqual([
      [CUSTOMERS, true],
      ['orders.order.change', true],
    ]);
  });

  it('streams the flow: records, lags, outboxes, collections and instances', async () => {
    const [, flow] = await flowsOf(system.managementUrl, 2);
    expect(flow?.topics.find(({ topic }) => topic === CUSTOMERS)).toMatchObject({ records: 2, perSecond: 0 });
    expect(flow?.groups.map(({ group, topic, lag }) => [group, topic, lag])).toContainEqual(['orders', CUSTOMERS, 0]);
    expect(flow?.copies).toContainEqual({ module: 'orders', collection: 'customers', documents: 1 });
    expect(flow?.instances).toMatchObject([{ modules: ['accounts', 'orders'], status: 'ready' }]);
    const [consumer] = flow?.instances[0]?.consumers ?? [];
    expect(consumer?.partitions[CUSTOMERS]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(flow?.standstills).toEqual([]);
  });

  it('shows the versions of a customer with their places in the log, and how far its copy is', async () => {
    const { body } = await ask<Timeline>(`${api}/aggregates/${CUSTOMERS}/${id}`);
    expect(body).toMatchObject({ member: 'customer', version: 2, isErased: false, isCut: false });
    expect(body.changes.map(({ version, type }) => [version, type])).toEqual([
      [1, 'accounts.customer.registered'],
      [2, 'accounts.customer.changed'],
    ]);
    expect(body.copies).toEqual([{ module: 'orders', collection: 'customers', version: 2, behind: 0 }]);
  });

  it('shows a past state, and that its event fits the chain', async () => {
    const { body } = await ask<PastState>(`${api}/aggregates/${CUSTOMERS}/${id}/2`);
    expect(body).toMatchObject({ version: 2, isIntact: true, isMasked: false });
    expect(body.state).toMatchObject({ name: { firstName: 'Grace' }, version: 2 });
  });

  it('finds events by aggregate, type, trace and time, and shows one opened and as it is stored', async () => {
    const byKey = await ask<{ events: EventView[] }>(`${api}/events?key=${id}&topic=${CUSTOMERS}`);
    expect(byKey.body.events.map(({ sequence }) => sequence).sort()).toEqual(['1', '2']);
    const [event] = byKey.body.events as [EventView];
    const same = async (query: string) =>
      (await ask<{ events: EventView[] }>(`${api}/events?${query}`)).body.events.map((each) => each.id);
    expect(await same(`id=${event.id}`)).toEqual([event.id]);
    expect(await same(`trace=${event.trace}`)).toContain(event.id);
    expect(await same(`type=changed&from=${event.time}&to=${event.time}`)).toContain(event.id);
    expect(await same('type=erased')).toEqual([]);

    const { body } = await ask<EventView>(`${api}/events/${event.topic}/${event.partition}/${event.offset}`);
    expect(body).toMatchObject({ id: event.id, isIntact: true, isMasked: false });
    expect(body.headers['content-type']).toBe('application/cloudevents+json; charset=UTF-8');
    expect(JSON.stringify(body.opened)).toContain('addresses');
    expect(JSON.parse(body.raw as string).data.sealed.alg).toBe('A256GCM');
  });

  it('names the parameter that is wrong, and what is not there', async () => {
    const wrong = await ask<{ errors: object[] }>(`${api}/events?trace=abc&from=yesterday&colour=red`);
    expect(wrong.status).toBe(422);
    expect(JSON.stringify(wrong.body.errors)).toMatch(/trace.*from|from.*trace/);
    for (const path of [`aggregates/${CUSTOMERS}/nobody`, `aggregates/nowhere/${id}`, `events/${CUSTOMERS}/0/999`]) {
      expect([path, (await ask(`${api}/${path}`)).status]).toEqual([path, 404]);
    }
  });

  it('lists erasures, and attests them, without the person', async () => {
    const { body: erased } = await call('POST', `${system.url}/accounts/customers`, {
      body: customerInput('Lovelace'),
    });
    await call('DELETE', `${system.url}/accounts/customers/${erased.id}`);
    await eventually(async () => {
      const { body } = await ask<{ items: ErasureView[] }>(`${api}/erasures`);
      expect(body.items).toMatchObject([{ id: erased.id, awaited: [] }]);
    });
    const attestation = await ask<object>(`${api}/erasures/${CUSTOMERS}/${erased.id}`);
    expect(attestation.body).toMatchObject({ id: erased.id, version: 2, confirmations: [{ context: 'orders' }] });
    expect((await ask(`${api}/erasures/${CUSTOMERS}/${id}`)).status).toBe(404);
  });

  it('counts the types and versions in the log, and says who needs them', async () => {
    const { body } = await ask<{
      items: { type: string; version: number; seen: number; isCurrent: boolean; neededBy: string[] }[];
    }>(`${api}/contracts`);
    const registered = body.items.filter(({ type }) => type === 'accounts.customer.registered');
    expect(registered.find(({ isCurrent }) => isCurrent)).toMatchObject({ neededBy: ['orders'] });
    expect(registered.find(({ isCurrent }) => isCurrent)?.seen).toBeGreaterThan(0);
  });

  it('serves a page that loads nothing from anywhere else, and that no other page can frame', async () => {
    const response = await fetch(`${system.managementUrl}/console/`);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    const redirected = await fetch(`${system.managementUrl}/console`, { redirect: 'manual' });
    expect([redirected.status, redirected.headers.get('location')]).toEqual([308, 'console/']);
    for (const file of ['console.css', 'icon.svg', 'modules/preact.js', 'modules/preact/hooks.js']) {
      expect([file, (await fetch(`${system.managementUrl}/console/${file}`)).status]).toEqual([file, 200]);
    }
    expect((await fetch(`${system.managementUrl}/console/tsconfig.json`)).status).toBe(404);
  });
});

describe('the console with AUTH_MODE=jwt', () => {
  let issuer: TokenIssuer;
  let system: MemorySystem;
  let api: string;
  let id: string;
  const token = (scope: string) => issuer.bearer(scope);

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    system = await MemorySystem.open();
    await system.start(issuer.settings);
    api = `${system.managementUrl}/console/api`;
    const { body } = await call('POST', `${system.url}/accounts/customers`, {
      body: customerInput('Lovelace'),
      headers: await token('customers:write'),
    });
    id = body.id as string;
  });

  afterAll(async () => {
    await system.stop();
    await issuer.stop();
  });

  it('needs a token with operations:read for everything but the page', async () => {
    expect((await fetch(`${system.managementUrl}/console/`)).status).toBe(200);
    const other = await token('customers:read');
    for (const path of ['session', 'flow', 'events', 'erasures', 'contracts', 'actions', 'settings']) {
      expect([path, (await ask(`${api}/${path}`)).status]).toEqual([path, 401]);
      expect([path, (await ask(`${api}/${path}`, other)).status]).toEqual([path, 403]);
    }
    const { body } = await ask<Session>(`${api}/session`, await token('operations:read'));
    expect(body).toMatchObject({ mayAct: false, mayOpen: false, actor: expect.any(String) });
  });

  it('needs operations:write for actions, and writes who did what', async () => {
    const body = { kind: 'verify', module: 'orders' };
    const post = (headers = {}) => call('POST', `${api}/jobs`, { body, headers });
    expect((await post()).status).toBe(401);
    expect((await post(await token('operations:read'))).status).toBe(403);
    const actor = await issuer.bearer('operations:read operations:write', 'olga');
    expect((await post(actor)).body).toMatchObject({ kind: 'verify', actor: 'olga' });
    await eventually(async () => {
      const { items } = (await ask<{ items: ActionView[] }>(`${api}/actions`, actor)).body;
      expect(items).toMatchObject([{ action: 'verify', actor: 'olga', outcome: expect.stringContaining('match') }]);
    });
  });

  it('shows personal data only to operations:personal', async () => {
    const [reader, opener] = [await token('operations:read'), await token('operations:read operations:personal')];
    const [state, found] = [`${api}/aggregates/${CUSTOMERS}/${id}/1`, `${api}/events?key=${id}`];
    await eventually(async () => expect((await ask(state, reader)).status).toBe(200));
    const { events } = (await ask<{ events: EventView[] }>(found, reader)).body;
    const [event] = events as [EventView];
    const shown = `${api}/events/${event.topic}/${event.partition}/${event.offset}`;
    const { email } = customerInput('Lovelace').contact;

    for (const url of [state, shown, found]) {
      const { body } = await ask<PastState>(url, reader);
      expect(JSON.stringify(body)).not.toContain(email);
    }
    expect((await ask<PastState>(state, reader)).body).toMatchObject({ isMasked: true, isIntact: true });
    for (const url of [state, shown]) expect(JSON.stringify((await ask(url, opener)).body)).toContain(email);
  });
});

describe('actions in the console', () => {
  let system: MemorySystem;
  let api: string;
  const act = (path: string, body: object, headers = {}) => call('POST', `${api}/${path}`, { body, headers });
  const actions = async () => (await ask<{ items: ActionView[] }>(`${api}/actions`)).body.items;

  beforeAll(async () => {
    system = await MemorySystem.open();
    await system.start();
    api = `${system.managementUrl}/console/api`;
    for (let customers = 0; customers < 5; customers += 1) {
      await call('POST', `${system.url}/accounts/customers`, { body: customerInput('Lovelace') });
    }
    const record = { ...eventRecord(registrationOf(randomUUID())), topic: CUSTOMERS, partition: 0, offset: 1_000 };
    const letter = toDeadLetter({ record, reason: 'it was not understood', attempts: 1 }, 'orders');
    await system.bus.publish(`${CUSTOMERS}.orders.dlt`, [letter]);
  });

  afterAll(() => system.stop());

  it('run jobs, one a module at a time, and write each to the audit list with its outcome', async () => {
    const [one, other] = await Promise.all(
      ['verify', 'replay-rehearsal'].map((kind) => act('jobs', { kind, module: 'accounts' })),
    );
    expect([one?.status, other?.status].sort()).toEqual([200, 409]);
    await eventually(async () => {
      const [flow] = await flowsOf(system.managementUrl, 1);
      expect(flow?.jobs).toMatchObject([{ module: 'accounts', outcome: 'done', read: 5, total: 5 }]);
    });
    const metrics = await fetch(`${system.managementUrl}/metrics`);
    expect(await metrics.text()).toContain('# TYPE job_records_read gauge');
    for (const kind of ['replay-rehearsal', 'replay', 'republish-rehearsal', 'republish']) {
      expect([kind, (await act('jobs', { kind, module: 'orders' })).status]).toEqual([kind, 200]);
      await eventually(async () => {
        const [latest] = await actions();
        expect(latest).toMatchObject({ action: kind, target: 'orders' });
        expect(latest?.outcome).toMatch(/a replay would change nothing|swapped in|the log lacks nothing/);
      });
    }
    await system.expectVerified();
  });

  it('show a dead letter, discard it with a reason, and redrive it all the same', async () => {
    const letters = `dead-letters/orders/${CUSTOMERS}`;
    const groups = await ask<{ items: LettersOfTopic[] }>(`${api}/dead-letters`);
    const found = groups.body.items.find(({ module, topic }) => module === 'orders' && topic === CUSTOMERS);
    expect(found?.reasons).toMatchObject([{ name: 'it was not understood', count: 1 }]);
    const page = await ask<LetterPage>(`${api}/${letters}?state=pending&reason=it+was+not+understood`);
    const [{ id }] = page.body.items as [LetterPage['items'][number]];
    expect((await ask<EventView>(`${api}/${letters}/record?id=${encodeURIComponent(id)}`)).body.raw).toContain(
      'registered',
    );

    const refused = await act(`${letters}/discard`, { selection: { id }, why: ' ' });
    expect([refused.status, refused.body.detail]).toEqual([422, 'the reason is empty']);
    const discarded = await act(`${letters}/discard`, {
      selection: { reason: 'it was not understood' },
      why: 'a test',
    });
    expect(discarded.body.items).toEqual([{ id, outcome: 'discarded' }]);
    expect((await ask<LetterPage>(`${api}/${letters}?state=discarded`)).body.items).toMatchObject([
      { id, discarded: { reason: 'a test' } },
    ]);
    expect((await act(`${letters}/redrive`, { selection: { id } })).body.items).toEqual([{ id, outcome: 'redriven' }]);
    const outcomes = (await actions()).map(({ action, outcome }) => `${action}: ${outcome}`);
    expect(outcomes.slice(0, 3)).toEqual([
      'redrive: 1 redriven',
      'discard: 1 discarded',
      'discard: failed: the reason is empty',
    ]);
  });

  it('name what is wrong with a request, and do nothing', async () => {
    const before = await actions();
    const path = `dead-letters/orders/${CUSTOMERS}/redrive`;
    for (const [where, body, status] of [
      [path, { selection: {} }, 422],
      [path, { selection: { id: 'a', all: true } }, 422],
      [path, {}, 422],
      ['dead-letters/orders/nowhere/redrive', { selection: { all: true } }, 404],
      ['jobs', { kind: 'format-disk', module: 'orders' }, 422],
      ['jobs', { kind: 'verify', module: 'nowhere' }, 404],
    ] as const) {
      const { status: got, headers } = await act(where, body);
      expect([where, body, got]).toEqual([where, body, status]);
      expect(headers.get('content-type')).toBe('application/problem+json');
    }
    expect(await actions()).toEqual(before);
  });

  it('are refused for a page of another origin', async () => {
    const { status } = await act('jobs', { kind: 'verify', module: 'orders' }, { origin: 'https://elsewhere.example' });
    expect(status).toBe(403);
  });
});
