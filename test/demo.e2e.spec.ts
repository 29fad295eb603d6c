import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { get } from './support/http.js';
import { temporaryDirectory } from './support/run-process.js';

class Demo {
  output = '';
  readonly ended: Promise<number | null>;
  readonly child: ChildProcess;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, ['scripts/demo.mjs', ...args], { stdio: 'pipe' });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => (this.output += data.toString()));
    }
    // Closed once nobody has its output open any more, the service included.
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** The value of a line of what it prints at its start. */
  async printed(name: string): Promise<string> {
    return eventually(() => {
      const [, value] = new RegExp(`^ *${name}: +(?:process )?([^\\s,]+)`, 'm').exec(this.output) ?? [];
      if (value === undefined) throw new Error(`it has not printed ${name} yet: ${this.output}`);
      return value;
    });
  }
}

describe('npm run demo', () => {
  const demos: Demo[] = [];
  const start = (folder: string, ...args: string[]) => {
    const ports = args.includes('--port') ? [] : ['--port', '0'];
    const demo = new Demo('--data-dir', folder, ...ports, '--management-port', '0', ...args);
    demos.push(demo);
    return demo;
  };

  afterEach(async () => {
    for (const demo of demos.splice(0)) {
      demo.child.kill('SIGINT');
      await demo.ended;
    }
  });

  it('has customers, orders, an erasure, a dead letter and a slow consumer, until Ctrl-C ends both processes', async () => {
    const folder = join(temporaryDirectory(), 'demo');
    const demo = start(folder, '--rate', '200');
    const [url, management] = [await demo.printed('Application'), await demo.printed('Management')];
    expect(await demo.printed('Console')).toBe(`${management}/console`);
    expect((await get(await demo.printed('Swagger UI'))).status).toBe(200);

    await eventually(
      async () => {
        const [customers, orders] = [await get(`${url}/accounts/customers`), await get(`${url}/orders`)];
        expect(customers.body.items.length).toBeGreaterThan(5);
        expect(orders.body.items.length).toBeGreaterThan(5);
        const { text } = await get(`${management}/metrics`);
        const metric = (name: string, ...labels: string[]) => {
          const line = text.split('\n').find((each) => [`${name}{`, ...labels].every((part) => each.includes(part)));
          return Number(line?.split(' ').at(-1));
        };
        const answered = 'http_request_duration_seconds_count';
        expect(metric(answered, 'method="DELETE"', 'status="204"')).toBeGreaterThan(0);
        expect(metric(answered, 'route="/orders/{orderId}/ship"', 'status="200"')).toBeGreaterThan(0);
        expect(metric('dead_letters_waiting', 'group="orders"', 'accounts.customer.change')).toBeGreaterThan(0);
        expect(metric('subscriber_unread_records', 'group="orders"', 'accounts.customer.change')).toBeGreaterThan(10);
      },
      { within: 60_000 },
    );

    const service = Number(await demo.printed('Service'));
    expect(process.kill(service, 0)).toBe(true);
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(() => process.kill(service, 0)).toThrow('ESRCH');
    await expect(get(`${management}/info`)).rejects.toThrow('fetch failed');
  }, 120_000);

  it('says so when a port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const demo = start(join(temporaryDirectory(), 'demo'), '--port', String(port));
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain(`PORT: cannot listen on 127.0.0.1:${port} (EADDRINUSE`);
    server.close();
  });

  it('ends its service even if it is killed', async () => {
    const demo = start(join(temporaryDirectory(), 'demo'));
    const management = await demo.printed('Management');
    expect((await get(`${management}/info`)).status).toBe(200);
    demo.child.kill('SIGKILL');
    await demo.ended;
    await expect(get(`${management}/info`)).rejects.toThrow('fetch failed');
  });

  it('begins anew at the same address when its data are too large', async () => {
    const demo = start(join(temporaryDirectory(), 'demo'), '--rate', '200', '--max-mb', '0.5');
    const url = await demo.printed('Application');
    await eventually(async () => {
      expect(demo.output.split(`Application: ${url}`)).toHaveLength(3);
      expect((await get(`${url}/docs/`)).status).toBe(200);
    });
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(0);
  });

  it('takes no folder of something else, nor of a demo that runs', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'mine'));
    const refused = start(folder);
    expect([await refused.ended, refused.output]).toEqual([1, expect.stringContaining('is not of a demo')]);
    expect(existsSync(join(folder, 'mine'))).toBe(true);

    const first = start(join(folder, 'demo'));
    await first.printed('Service');
    const second = start(join(folder, 'demo'));
    expect([await second.ended, second.output]).toEqual([1, expect.stringContaining('another demo uses it')]);
  });
});
