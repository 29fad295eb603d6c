import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { expectAcknowledgedIsKept, expectOrdersHears, expectOutboxDrains } from './support/guarantees.js';
import { Load } from './support/load.js';
import { runCommand } from './support/run-command.js';
import { RunningProcess, serve, temporaryDirectory } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const MODULES = ['accounts', 'orders'] as const;

describe('a replay from the embedded log', () => {
  /** The data of a service that has been under load; each test has a copy. */
  const served = mkdtempSync(join(tmpdir(), 'accounts-orders-'));
  let directory: string;
  let load: Load;

  const on = (folder: string) => ({ DATA_DIR: folder });
  const replay = (module: string, ...flags: string[]) =>
    runCommand(on(directory), 'replay', '--module', module, ...flags);
  const verify = (module: string, folder = directory, ...flags: string[]) =>
    runCommand(on(folder), 'verify', '--module', module, ...flags);

  /** Opens what has been served before, and expects all of it to be there. */
  async function expectServed(): Promise<void> {
    const { url, kill } = await serveAgain();
    await expectAcknowledgedIsKept(load, { accounts: url, orders: url });
    await expectOrdersHears(load, url);
    await kill();
  }

  async function serveAgain() {
    const running = await serve(on(directory)).ready();
    return { url: running.url, kill: () => running.kill('SIGKILL') };
  }

  beforeAll(async () => {
    const running = await serve(on(served)).ready();
    load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(200);
    await load.stop();
    await expectOrdersHears(load, running.url);
    await expectOutboxDrains(running.managementUrl);
    await running.kill('SIGTERM');
  });

  beforeEach(() => {
    directory = join(temporaryDirectory(), 'data');
    cpSync(served, directory, { recursive: true });
  });

  afterAll(() => rmSync(served, { recursive: true, force: true }));

  it('makes everything again that is gone', async () => {
    for (const module of MODULES) rmSync(join(directory, module), { recursive: true });
    expect(await verify('accounts')).toMatchObject({ code: 1, stdout: expect.stringContaining('is missing') });

    for (const module of [...MODULES, ...MODULES]) expect(await replay(module)).toMatchObject({ code: 0, stderr: '' });

    await expectVerified(on(directory));
    await expectServed();
  });

  it('leaves everything as it was when it is killed, at whatever moment', async () => {
    const began = performance.now();
    await replay('orders');
    const took = performance.now() - began;
    for (let kill = 0; kill < 4; kill += 1) {
      const dying = new RunningProcess(['replay', '--module', MODULES[kill % 2]!], on(directory));
      await sleep(Math.random() * took);
      await dying.kill('SIGKILL');
    }

    await expectVerified(on(directory));
    await expectServed();
  });

  it('rebuilds as of a time beside what is there, so that it can be served from there', async () => {
    const until = new Date().toISOString();
    const { url, kill } = await serveAgain();
    const later = new Load({ accounts: [url], orders: [url] });
    await later.acknowledges(50);
    await later.stop();
    await kill();

    for (const module of MODULES) expect(await replay(module, '--until', until)).toMatchObject({ code: 0 });

    const prefix = `${basename(directory)}.until-${until.replaceAll(/[-:.]/g, '')}.made-`;
    const [folder] = readdirSync(dirname(directory)).filter((name) => name.startsWith(prefix));
    const beside = join(dirname(directory), String(folder));
    try {
      const then = await serve(on(beside)).serving();
      await expectAcknowledgedIsKept(load, { accounts: then.url, orders: then.url });
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
  });

  it('has to wait until no service runs, and says so', async () => {
    const { kill } = await serveAgain();
    for (const command of ['replay', 'verify']) {
      expect(await runCommand(on(directory), command, '--module', 'accounts')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^DATA_DIR: another process has .+\n$/),
      });
    }
    await kill();
  });

  it('has one worker, and says why', async () => {
    expect(await runCommand(on(directory), 'replay', '--module', 'accounts', '--workers', '2')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^--workers needs MongoDB and Kafka: /),
    });
  });

  describe('a verification of a copy', () => {
    let copy: string;

    beforeEach(() => {
      copy = temporaryDirectory();
      cpSync(directory, copy, { recursive: true });
    });

    it('names the record of which one byte is another', async () => {
      const place = await changeOneByte(join(copy, 'log'));

      const { code, stdout } = await verify('accounts', copy);

      expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(place) });
    });

    it('names the document that is another, and puts it right', async () => {
      const id = await changeOneDocument(join(copy, 'orders'));

      expect(await verify('orders', copy)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining(`customer.orders ${id}: differs from the log at /state/status`),
      });
      expect(await verify('orders', copy, '--repair')).toMatchObject({ code: 0 });
      expect(await verify('orders', copy)).toMatchObject({ code: 0 });
    });
  });
});

/** Changes a byte in the middle of the value of the first record of a customer, and answers where that is. */
async function changeOneByte(folder: string): Promise<string> {
  const level = new ClassicLevel(folder);
  const records = level.sublevel<string, { value: string }>('log', { valueEncoding: 'json' });
  const [first] = await records.iterator({ gte: 'accounts.customer.change', limit: 1 }).all();
  const [key, record] = first!;
  const value = Buffer.from(record.value, 'base64');
  const at = Math.floor(value.length / 2);
  value[at] = value[at]! ^ 1;
  await records.put(key, { ...record, value: value.toString('base64') });
  await level.close();
  const [topic, partition, offset] = key.split('!');
  return `${topic}/${partition}/${Number(offset)}`;
}

/** Changes the status of an order, and answers its id. */
async function changeOneDocument(folder: string): Promise<string> {
  const level = new ClassicLevel(folder);
  const orders = level.sublevel<string, { state: object }>('customer.orders', { valueEncoding: 'json' });
  const [first] = await orders.iterator({ limit: 1 }).all();
  const [id, order] = first!;
  await orders.put(id, { ...order, state: { ...order.state, status: 'LOST' } });
  await level.close();
  return id;
}
