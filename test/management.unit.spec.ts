import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inMemory } from '../src/backends.js';
import { CONTEXTS } from '../src/contexts.js';
import { parseConfig } from '../src/platform/config/config.js';
import { Process } from '../src/process.js';
import { eventually } from './support/eventually.js';
import { silentLogger } from './support/silent-logger.js';

describe('the management listener', () => {
  let running: Process;
  let url: string;
  let management: string;

  beforeEach(async () => {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0 });
    running = new Process(config, CONTEXTS, inMemory(silentLogger), silentLogger);
    await running.start();
    await running.joined();
    url = `http://127.0.0.1:${running.ports.port}`;
    management = `http://127.0.0.1:${running.ports.managementPort}`;
  });

  afterEach(() => running.stop());

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
          expect.stringMatching(/^process_resident_memory_bytes \d+/),
        ]),
      );
      expect(lines.join()).not.toContain('some-customer');
    });
  });

  it('serves nothing of it to clients', async () => {
    for (const path of ['/metrics', '/info', '/health/live', '/health/ready']) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  });
});
