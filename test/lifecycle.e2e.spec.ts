import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { expectAcknowledgedIsKept, expectGoodAnswers, expectLogTellsAll } from './support/guarantees.js';
import { call, get, openRequest, post } from './support/http.js';
import { Load } from './support/load.js';
import { readDocuments } from './support/read-documents.js';
import { readEmbeddedLog, readKafka, WITH_KEYS } from './support/read-log.js';
import { describeWithRealServers, masterKeysFile, realServers } from '../src/platform/testing/real-servers.js';
import { recordMongoDb } from './support/recording-proxy.js';
import { customerInput, orderInput } from './support/requests.js';
import { type RunningProcess, serve, type Settings, temporaryDirectory } from './support/run-process.js';

const STOPPED = { code: 0, signal: null };
/** Milliseconds that an orchestrator grants before it kills. */
const GRACE = 10_000;

describe('a process on the embedded backends', () => {
  lifecycle(() => ({ DATA_DIR: temporaryDirectory() }));

  it('has published all that it acknowledged when a SIGTERM under load has ended it', async () => {
    const DATA_DIR = temporaryDirectory();
    const running = await serve({ DATA_DIR }).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(500);
    await expectCleanStop(running);
    await load.stop();
    expectGoodAnswers(load);

    for (const context of CONTEXTS) {
      const database = await openEmbeddedDatabase(join(DATA_DIR, context.name));
      for (const outbox of context.open(database).stores) expect(await outbox.backlog()).toEqual({ events: 0 });
      await database.close();
    }
    await expectLogTellsAll(load, await readEmbeddedLog(DATA_DIR, WITH_KEYS), join(DATA_DIR, 'master-keys'));
    const { url } = await serve({ DATA_DIR }).serving();
    await expectAcknowledgedIsKept(load, { accounts: url, orders: url });
  });

  it.each([
    { module: 'accounts', other: 'orders' },
    { module: 'orders', other: 'accounts' },
  ])('of $module alone opens no database of $other', async ({ module, other }) => {
    const DATA_DIR = temporaryDirectory();
    const running = await serve({ DATA_DIR }, module).ready();
    expect(existsSync(join(DATA_DIR, module))).toBe(true);
    expect(await running.kill('SIGTERM')).toEqual(STOPPED);
    expect(existsSync(join(DATA_DIR, other))).toBe(false);
  });
});

describeWithRealServers('a process on Kafka and MongoDB', () => {
  lifecycle(onRealServers);

  it('has published all that it acknowledged when a SIGTERM under load has ended it', async () => {
    const [accounts, orders] = await Promise.all([
      serve(onRealServers(), 'accounts').ready(),
      serve(onRealServers(), 'orders').ready(),
    ]);
    const load = new Load({ accounts: [accounts.url], orders: [orders.url] });
    await load.acknowledges(500);
    await Promise.all([expectCleanStop(accounts), expectCleanStop(orders)]);
    await load.stop();
    expectGoodAnswers(load);

    const { kafka, mongodb } = realServers();
    for (const [known, database, collection] of [
      [load.customers, 'accounts', 'customer.accounts'],
      [load.orders, 'orders', 'customer.orders'],
    ] as const) {
      const documents = await readDocuments(mongodb, database, collection, known.keys());
      expect([...documents.values()].flatMap(({ pending }) => pending)).toEqual([]);
    }
    await expectLogTellsAll(load, await readKafka(kafka, WITH_KEYS), masterKeysFile());
  });

  it.each([
    { module: 'accounts', other: 'orders' },
    { module: 'orders', other: 'accounts' },
  ])('of $module alone opens no database of $other', async ({ module, other }) => {
    const proxy = await recordMongoDb(realServers().mongodb);
    try {
      const running = await serve({ ...onRealServers(), MONGODB_URI: proxy.uri }, module).ready();
      expect((await get(`${running.url}/${module}/customers/nobody`)).status).toBe(404);
      expect(await running.kill('SIGTERM')).toEqual(STOPPED);
      expect([...proxy.databases()]).toContain(module);
      expect([...proxy.databases()]).not.toContain(other);
    } finally {
      proxy.close();
    }
  });
});

/** What holds on every backend. */
function lifecycle(settings: () => Settings): void {
  it('is live and ready when it says so, and logs nothing but information', async () => {
    const running = await serve(settings()).ready();
    expect((await get(`${running.managementUrl}/health/live`)).body).toEqual({ status: 'live' });
    const { body } = await get(`${running.managementUrl}/health/ready`);
    expect(Object.values(body.dependencies)).toEqual(Object.values(body.dependencies).map(() => ({ up: true })));
    expect(await running.kill('SIGINT')).toEqual(STOPPED);
    expect(running.stderr).toBe('');
    expect(running.stdout).not.toMatch(/"level":"(error|fatal)"/);
  });

  it('answers what is in flight when it is told to stop, and takes no more', async () => {
    const running = await serve(settings()).ready();
    const customer = await post(`${running.url}/accounts/customers`, customerInput('Waiting'));
    const id = String(customer.body.id);
    await eventually(async () => expect((await get(`${running.url}/orders/customers/${id}`)).status).toBe(200));

    const body = JSON.stringify(customerInput('Late'));
    const length = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const unfinished = openRequest('POST', `${running.url}/accounts/customers`, length);
    const waiting = openRequest('GET', `${running.url}/orders/customers/${id}?minVersion=99`, { prefer: 'wait=10' });
    const placing = { ...orderInput(id), minCustomerVersion: 99 };
    const json = { 'content-type': 'application/json', prefer: 'wait=10', 'transfer-encoding': 'chunked' };
    const alsoWaiting = openRequest('POST', `${running.url}/orders`, json);
    waiting.end();
    alsoWaiting.end(JSON.stringify(placing));
    await Promise.all([unfinished, waiting, alsoWaiting].map(({ arrived }) => arrived));

    const stopping = Date.now();
    const exited = running.kill('SIGTERM');
    for (const { answer } of [waiting, alsoWaiting]) {
      const { status, headers } = await answer;
      expect([status, headers.get('retry-after')]).toEqual([503, expect.any(String)]);
    }
    expect(Date.now() - stopping).toBeLessThan(2_000);
    await eventually(() => expect(call('GET', `${running.url}/openapi.json`)).rejects.toThrow());
    unfinished.end(body);
    expect((await unfinished.answer).status).toBe(201);
    expect(await exited).toEqual(STOPPED);
    expect(Date.now() - stopping).toBeLessThan(GRACE);
  });

  it('serves on for as long as it is told to when it is to stop, and says that it is not ready', async () => {
    const running = await serve({ ...settings(), DRAIN_MS: '1000' }).ready();
    const stopping = Date.now();
    const exited = running.kill('SIGTERM');
    await eventually(async () => {
      const { status, body } = await get(`${running.managementUrl}/health/ready`);
      expect([status, body.detail]).toEqual([503, 'stopping']);
    });
    expect((await post(`${running.url}/accounts/customers`, customerInput('Draining'))).status).toBe(201);
    expect(await exited).toEqual(STOPPED);
    expect(Date.now() - stopping).toBeGreaterThanOrEqual(1_000);
  });

  it.each([
    { module: 'accounts', own: '/accounts/customers/nobody', foreign: '/orders/nobody' },
    { module: 'orders', own: '/orders/nobody', foreign: '/accounts/customers/nobody' },
  ])('of $module alone serves only its own routes', async ({ module, own, foreign }) => {
    const { url } = await serve(settings(), module).serving();
    expect((await get(`${url}${own}`)).body.type).toMatch(/^urn:problem:(customer|order)-not-found$/);
    expect((await get(`${url}${foreign}`)).body.type).toBe('urn:problem:not-found');
    const { body } = await get(`${url}/openapi.json`);
    const roots = Object.keys(body.paths).map((path) => path.split('/')[1]);
    expect(new Set(roots)).toEqual(new Set([module]));
  });
}

function onRealServers(): Settings {
  const { kafka, mongodb } = realServers();
  return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' };
}

async function expectCleanStop(running: RunningProcess): Promise<void> {
  const stopping = Date.now();
  expect(await running.kill('SIGTERM')).toEqual(STOPPED);
  expect(Date.now() - stopping).toBeLessThan(GRACE);
}
