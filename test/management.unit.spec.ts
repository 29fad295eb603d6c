import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inMemory } from '../src/platform/process/backends.js';
import { CONTEXTS } from '../src/contexts.js';
import type { Bus } from '../src/platform/log/bus.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import type { Readiness } from '../src/platform/operating/health.js';
import { Process } from '../src/platform/process/process.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('the management listener', () => {
  let running: Process;
  let bus: Bus;
  let url: string;
  let management: string;

  beforeEach(async () => {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0 });
    const backends = inMemory(silentLogger);
    const openBus = async () => (bus = await backends.openBus());
    running = new Process(config, CONTEXTS, { ...backends, openBus }, silentLogger);
    await running.start();
    await running.joined();
    url = `http://127.0.0.1:${running.ports.port}`;
    management = `http://127.0.0.1:${running.ports.managementPort}`;
  });

  afterEach(() => running.stop());

  it('lists its endpoints, each of which takes GET alone', async () => {
    const { endpoints } = (await (await fetch(management)).json()) as {
      endpoints: { path: string; summary: string }[];
    };
    expect(endpoints.map(({ path }) => path)).toEqual([
      '/health/live',
      '/health/ready',
      '/metrics',
      '/info',
      '/console/',
    ]);
    for (const path of ['/', ...endpoints.map((each) => each.path)]) {
      expect([path, (await fetch(management + path)).status]).toEqual([path, 200]);
      const refused = await fetch(management + path, { method: 'POST' });
      expect([path, refused.status, refused.headers.get('allow')]).toEqual([path, 405, 'GET, HEAD']);
    }
  });

  it('refuses everything else as a problem, also what a page on another site asks in a browser', async () => {
    const problem = async (path: string, headers = {}) => {
      const response = await fetch(management + path, { method: 'POST', headers });
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      const { type, status, instance } = (await response.json()) as Record<string, unknown>;
      return [type, status, instance];
    };
    expect(await problem('/nowhere')).toEqual(['urn:problem:not-found', 404, '/nowhere']);
    expect(await problem('/%ff')).toEqual(['urn:problem:not-found', 404, '/%ff']);
    expect(await problem('/info')).toEqual(['urn:problem:method-not-allowed', 405, '/info']);
    const Origin = 'http://evil.example';
    expect(await problem('/info', { Origin })).toEqual(['urn:problem:foreign-origin', 403, '/info']);
  });

  it('counts the methods that nobody knows as one', async () => {
    for (const method of ['PROPFIND', 'LOCK', 'GET']) await fetch(`${url}/orders`, { method });
    const metrics = await (await fetch(`${management}/metrics`)).text();
    const methods = [...metrics.matchAll(/http_request_duration_seconds_count\{method="(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(new Set(methods)).toEqual(new Set(['GET', 'OTHER']));
  });

  it('says what the process is', async () => {
    expect(await (await fetch(`${management}/info`)).json()).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      commit: expect.any(String),
      modules: ['accounts', 'orders'],
      adapters: ['embedded:accounts', 'embedded:orders', 'embedded log'],
      uptimeSeconds: expect.any(Number),
    });
  });

  it('says that the process lives and is ready, with each dependency by name', async () => {
    expect(await (await fetch(`${management}/health/live`)).json()).toEqual({ status: 'live' });
    const ready = await fetch(`${management}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: 'ready',
      dependencies: { 'embedded:accounts': { up: true }, 'consumer:orders': { up: true } },
      outbox: { 'accounts.customer.change': { pending: 0 } },
      deadLetters: {
        'accounts.customer.change.accounts.dlt': { waiting: 0 },
        'accounts.customer.change.orders.dlt': { waiting: 0 },
        'orders.order.change.orders.dlt': { waiting: 0 },
      },
    });
  });

  it('counts requests by route and not by path, and measures what waits to be published', async () => {
    await fetch(`${url}/accounts/customers/some-customer`);
    await fetch(`${url}/nowhere/else`);

    await eventually(async () => {
      const answer = await fetch(`${management}/metrics`);
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
      const lines = (await answer.text()).split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'http_request_duration_seconds_count{method="GET",route="/accounts/customers/{customerId}",status="404"} 1',
          'http_request_duration_seconds_count{method="GET",route="other",status="404"} 1',
          'outbox_pending_events{topic="accounts.customer.change"} 0',
          'outbox_oldest_pending_seconds{topic="orders.order.change"} 0',
          'dead_letters_total{topic="accounts.customer.change",group="orders"} 0',
          'dead_letters_waiting{topic="accounts.customer.change",group="orders"} 0',
          'subscriber_unread_records{topic="accounts.customer.change",group="orders"} 0',
          'subscriber_unread_records{topic="orders.order.change",group="orders"} 0',
          'subscriber_lag_seconds{topic="accounts.customer.change",group="orders"} 0',
          'readiness{status="ready"} 1',
          'readiness{status="not-ready"} 0',
          'publish_failures_total{topic="orders.order.change"} 0',
          'subscriber_events_total{topic="orders.order.change",group="orders",outcome="failed"} 0',
          'erasures_unconfirmed{topic="accounts.customer.keys",context="orders"} 0',
          expect.stringMatching(/^process_resident_memory_bytes \d+/),
        ]),
      );
      expect(lines.join()).not.toContain('some-customer');
    });
  });

  it('follows a command to the copies of its event, and an erasure to its confirmation', async () => {
    const response = await fetch(`${url}/accounts/customers`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
      body: JSON.stringify({
        name: { firstName: 'Ada', lastName: 'Lovelace' },
        contact: { email: 'ada@example.com' },
        addresses: [],
        creditCards: [],
      }),
    });
    expect(response.status).toBe(201);
    const location = response.headers.get('location') ?? '';
    const lines = async () => {
      const Accept = 'application/openmetrics-text;version=1.0.0';
      const answer = await fetch(`${management}/metrics`, { headers: { Accept } });
      expect([answer.headers.get('content-type'), answer.headers.get('vary')]).toEqual([
        'application/openmetrics-text; version=1.0.0; charset=utf-8',
        'Accept',
      ]);
      return (await answer.text()).split('\n');
    };
    const [changes, keys] = ['topic="accounts.customer.change"', 'topic="accounts.customer.keys"'];
    await eventually(async () =>
      expect(await lines()).toEqual(
        expect.arrayContaining([
          `command_batch_size_count{${changes}} 1`,
          `command_batch_size_bucket{le="1",${changes}} 1`,
          `published_events_total{${changes}} 1`,
          `publish_batch_size_count{${changes}} 1`,
          `publish_latency_seconds_count{${changes}} 1`,
          `subscriber_events_total{${changes},group="accounts",outcome="applied"} 1`,
          `subscriber_events_total{${changes},group="orders",outcome="applied"} 1`,
          `subscriber_lag_seconds{${changes},group="orders"} 0`,
        ]),
      ),
    );
    const traced = (await lines()).filter((line) => line.includes(`trace_id="${TRACE}"`));
    expect(traced.some((line) => line.startsWith('http_request_duration_seconds_bucket'))).toBe(true);
    expect(traced.some((line) => line.startsWith('publish_latency_seconds_bucket'))).toBe(true);

    expect((await fetch(new URL(location, url), { method: 'DELETE' })).status).toBe(204);
    await eventually(async () =>
      expect(await lines()).toEqual(
        expect.arrayContaining([
          `erasures_total{${keys}} 1`,
          `erasure_confirmations_total{${keys},context="orders"} 1`,
          `erasures_unconfirmed{${keys},context="orders"} 0`,
          `erasure_oldest_unconfirmed_seconds{${keys},context="orders"} 0`,
        ]),
      ),
    );
  });

  it('counts dead letters as they happen, and those that wait, and stays ready', async () => {
    await bus.publish('accounts.customer.change', [{ key: Buffer.from('k'), value: null, headers: {} }]);

    await eventually(async () => {
      const lines = (await (await fetch(`${management}/metrics`)).text()).split('\n');
      expect(lines).toEqual(
        expect.arrayContaining([
          'dead_letters_total{topic="accounts.customer.change",group="orders"} 1',
          'dead_letters_waiting{topic="accounts.customer.change",group="accounts"} 1',
          'dead_letters_waiting{topic="orders.order.change",group="orders"} 0',
        ]),
      );
    });
    const { status, deadLetters } = (await (await fetch(`${management}/health/ready`)).json()) as Readiness;
    expect(status).toBe('ready');
    expect(deadLetters['accounts.customer.change.orders.dlt']).toEqual({ waiting: 1 });
  });

  it('does not say how many dead letters wait while the bus does not', async () => {
    bus.countRecords = () => Promise.reject(new Error('the bus is away'));

    const { status, deadLetters } = (await (await fetch(`${management}/health/ready`)).json()) as Readiness;
    expect(status).toBe('ready');
    expect(deadLetters['orders.order.change.orders.dlt']).toEqual({ detail: 'unknown: the bus does not answer' });
    expect(await (await fetch(`${management}/metrics`)).text()).toContain(
      'dead_letters_waiting{topic="orders.order.change",group="orders"} Nan',
    );
  });

  it('does not say how far subscribers are behind while the bus does not', async () => {
    bus.consumerLag = () => Promise.reject(new Error('the bus is away'));

    expect(await (await fetch(`${management}/metrics`)).text()).toContain(
      'subscriber_unread_records{topic="accounts.customer.change",group="accounts"} Nan',
    );
  });

  it('measures what the page on operations says, and nothing else of its own', async () => {
    const named = [...readFileSync('docs/operations.md', 'utf8').matchAll(/^\| `(\w+)\{/gm)].map(([, name]) => name);
    const exposed = [...(await (await fetch(`${management}/metrics`)).text()).matchAll(/^# TYPE (\w+)/gm)];
    const own = exposed.map(([, name = '']) => name).filter((name) => !/^(?:process|nodejs)_/.test(name));
    expect(named.sort()).toEqual(own.sort());
  });

  it('serves nothing of it to clients', async () => {
    for (const path of ['/metrics', '/info', '/health/live', '/health/ready']) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  });
});
