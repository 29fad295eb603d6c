import { randomInt } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Databases } from './support/databases.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { masterKeysFile } from '../src/platform/testing/real-servers.js';
import {
  expectAcknowledgedIsKept,
  expectGoodAnswers,
  expectLogTellsAll,
  expectOrdersHears,
  expectOutboxDrains,
} from './support/guarantees.js';
import { call } from './support/http.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { readKafka, WITH_KEYS } from './support/read-log.js';
import { Reads } from './support/reads.js';
import { runCommand } from './support/run-command.js';
import { RunningProcess, serve, temporaryDirectory } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const MODULES = ['accounts', 'orders'] as const;
const KILLS = 4;
const WORKERS = [[], ['--workers', '3']] as const;

describeWithOwnServers('a replay from Kafka into MongoDB', 'replay', (servers) => {
  let databases: Databases;

  beforeEach(async () => {
    databases = await Databases.open(servers.mongodb);
  });

  afterEach(async () => {
    await Reads.stopAll();
    await databases.close();
  });

  const settings = () => ({
    KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
    MONGODB_URI: servers.mongodb,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
  });
  const replay = (module: string, ...flags: string[]) => runCommand(settings(), 'replay', '--module', module, ...flags);
  const verify = (module: string) => runCommand(settings(), 'verify', '--module', module);

  /** Resolves when everything is published, and in every read model. */
  async function settled(load: Load, { url, managementUrl }: RunningProcess): Promise<void> {
    await expectOrdersHears(load, url);
    await expectOutboxDrains(managementUrl);
    for (const [database, aggregates, history] of [
      ['accounts', 'customer.accounts', 'customer.history'],
      ['orders', 'customer.orders', 'order.history'],
    ] as const) {
      await eventually(async () => {
        const versions = { $group: { _id: null, sum: { $sum: '$version' } } };
        const [all] = await databases.collection(database, aggregates).aggregate([versions]).toArray();
        expect(await databases.collection(database, history).countDocuments()).toBe(all?.sum);
      });
    }
  }

  it('makes every document of both databases again, field by field, when they are gone', async () => {
    const running = await serve(settings()).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(600);
    await load.stop();
    expectGoodAnswers(load);
    for (const { id } of [...load.customers.values()].slice(0, 3)) {
      expect((await call('DELETE', `${running.url}/accounts/customers/${id}`)).status).toBe(204);
      load.customers.delete(id);
      // These were redacted with their customer.
      for (const { newest } of [...load.orders.values()]) if (newest.customerId === id) load.orders.delete(newest.id);
    }
    await eventually(async () => {
      const erased = { 'state.erased': true };
      expect(await databases.collection('orders', 'customers').countDocuments(erased)).toBe(3);
    });
    await settled(load, running);
    await running.kill('SIGTERM');
    const before = await databases.snapshot();
    expect(Object.keys(before)).toEqual([
      'accounts.customer.accounts',
      'accounts.customer.erasures',
      'accounts.customer.history',
      'orders.customer.orders',
      'orders.customers',
      'orders.order.history',
    ]);

    await databases.drop();
    for (const module of MODULES) expect(await replay(module)).toMatchObject({ code: 0, stderr: '' });

    expect(await databases.snapshot()).toEqual(before);
    await expectVerified(settings());
    const again = await serve(settings()).ready();
    await expectAcknowledgedIsKept(load, { accounts: again.url, orders: again.url });
  }, 120_000);

  it('makes the states first and the histories later, field by field', async () => {
    const running = await serve(settings()).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(300);
    await load.stop();
    const [erased = ''] = load.customers.keys();
    expect((await call('DELETE', `${running.url}/accounts/customers/${erased}`)).status).toBe(204);
    load.customers.delete(erased);
    for (const { newest } of [...load.orders.values()]) if (newest.customerId === erased) load.orders.delete(newest.id);
    await eventually(async () => {
      expect(
        await databases.collection('orders', 'customers').countDocuments({ _id: erased, 'state.erased': true }),
      ).toBe(1);
    });
    await settled(load, running);
    await running.kill('SIGTERM');
    const before = await databases.snapshot();
    await databases.drop();

    for (const module of MODULES) {
      expect(await replay(module, '--only', 'states', ...WORKERS[1])).toMatchObject({ code: 0, stderr: '' });
    }
    const states = Object.entries(before).filter(([name]) => !name.endsWith('.history'));
    expect(await databases.snapshot()).toEqual(Object.fromEntries(states));
    for (const module of MODULES) {
      expect(await replay(module, '--only', 'histories', ...WORKERS[1])).toMatchObject({ code: 0, stderr: '' });
    }

    expect(await databases.snapshot()).toEqual(before);
    await expectVerified(settings());
  }, 240_000);

  it('goes on beside services that are written to and read from, and none of them notices', async () => {
    const running = await serve(settings()).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(300);
    const reads = new Reads(running.url, load);

    for (const [module, ...flags] of [
      ['accounts'],
      ['orders', '--workers', '2'],
      ['accounts', '--workers', '3'],
    ] as const) {
      const { code, stdout } = await replay(module, ...flags);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/blocked for \d+ ms/) });
    }
    await load.acknowledges(100);
    expect(await reads.stop()).toEqual([]);
    await load.stop();

    expectGoodAnswers(load);
    await settled(load, running);
    await expectAcknowledgedIsKept(load, { accounts: running.url, orders: running.url });
    await expectVerified(settings());
    await expectLogTellsAll(load, await readKafka(servers.kafka, WITH_KEYS), masterKeysFile());
  }, 120_000);

  it('leaves everything as it was when it is killed, at whatever moment, and can be run again', async () => {
    const running = await serve(settings()).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] }, 8);
    await load.acknowledges(300);
    const reads = new Reads(running.url, load);

    const took = await durationOf(() => replay('accounts'));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const dying = new RunningProcess(['replay', '--module', MODULES[kill % 2]!, ...WORKERS[kill >> 1]!], settings());
      await sleep(randomInt(Math.ceil(took)));
      await dying.kill('SIGKILL');
      // Writes go on, if need be once a fence that was left behind has run out.
      await load.acknowledges(20);
    }
    expect(await reads.stop()).toEqual([]);
    await load.stop();
    expectGoodAnswers(load);
    await settled(load, running);
    await expectAcknowledgedIsKept(load, { accounts: running.url, orders: running.url });
    await expectVerified(settings());

    for (const module of MODULES) expect(await replay(module)).toMatchObject({ code: 0 });
    await expectVerified(settings());
    expect((await databases.collections()).filter((name) => name.includes('rebuild'))).toEqual([]);
  }, 240_000);

  it('rebuilds as of a time beside what is there, to look at', async () => {
    const running = await serve(settings()).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] }, 4);
    await load.acknowledges(100);
    await load.stop();
    await settled(load, running);
    const until = new Date().toISOString();
    const before = await databases.snapshot();
    const later = new Load({ accounts: [running.url], orders: [running.url] }, 4);
    await later.acknowledges(50);
    await later.stop();
    await settled(later, running);
    const live = await databases.snapshot();

    const { code, stdout } = await replay('accounts', '--until', until);

    expect(code).toBe(0);
    const after = await databases.snapshot();
    const prefix = `.until-${until.replaceAll(/[-:.]/g, '')}.made-`;
    for (const name of ['customer.accounts', 'customer.history']) {
      const [, suffix] = new RegExp(`^${name}\\.(\\S+) in `, 'm').exec(stdout) ?? [];
      expect(`.${suffix}`).toContain(prefix);
      expect(after[`accounts.${name}.${suffix}`]).toEqual(before[`accounts.${name}`]);
      expect(after[`accounts.${name}`]).toEqual(live[`accounts.${name}`]);
    }

    const { id } = [...load.customers.values()][0]!;
    expect((await call('DELETE', `${running.url}/accounts/customers/${id}`)).status).toBe(204);
    await eventually(async () => {
      expect((await databases.collections()).filter((name) => name.includes('until-'))).toEqual([]);
    });
    // What the erasure leads to in the other context is done, too.
    await eventually(() => expectVerified(settings()), { within: 60_000 });
  }, 120_000);

  it('refuses to swap in less than there is, and can be made to', async () => {
    const store = databases.collection('accounts', 'customer.accounts');
    await store.insertOne({ _id: 'nobody', version: 1, state: {}, pending: [], commands: [] });
    const before = await databases.snapshot();

    const refused = await replay('accounts');
    expect(refused).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        'nobody: ahead of the log: the database has version 1 (no hash), the log has nothing',
      ),
      stderr: expect.stringContaining('1 aggregate is ahead of the log or forked; nothing was changed'),
    });
    expect(await databases.snapshot()).toEqual(before);

    expect(await replay('accounts', '--force')).toMatchObject({ code: 0 });
    expect(await store.findOne({ _id: 'nobody' })).toBeNull();
    await expectVerified(settings());
  }, 60_000);

  it('ends a fork as it is told to, and keeps what is given up for nobody but its owner', async () => {
    const store = databases.collection('accounts', 'customer.accounts');
    const { _id, ...logged } = (await store.findOne({ version: { $gt: 1 }, 'state.erased': null }))!;
    await store.updateOne({ _id }, { $set: { hash: 'f'.repeat(64), 'state.name.title': 'Forked' } });
    expect(await verify('accounts')).toMatchObject({ code: 1, stdout: expect.stringContaining(`${_id}: forked`) });
    expect(await replay('accounts', '--force')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        new RegExp(`${_id}: forked: the database has version ${logged.version} \\(f{64}\\)`),
      ),
    });
    const kept = join(temporaryDirectory(), 'forks.jsonl');

    expect(await replay('accounts', '--keep', 'database', '--kept', kept)).toMatchObject({ code: 0 });

    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({ id: _id, keep: 'database', events: [] });
    const running = await serve(settings()).ready();
    await expectOutboxDrains(running.managementUrl);
    const copies = databases.collection('orders', 'customers');
    await eventually(async () => {
      expect(await copies.findOne({ _id })).toMatchObject({
        version: Number(logged.version) + 1,
        state: { name: { title: 'Forked' } },
      });
    });
    await running.kill('SIGTERM');
    await expectVerified(settings());
  }, 120_000);

  it('rehearses: rebuilds, compares, and throws away', async () => {
    const before = await databases.snapshot();
    expect(await replay('accounts', '--dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the rebuilt collections match the live ones'),
    });

    const store = databases.collection('accounts', 'customer.accounts');
    const { _id } = (await store.findOneAndUpdate(
      { 'state.erased': null },
      { $set: { 'state.name.lastName': 'Nobody' } },
    ))!;
    const { code, stdout } = await replay('accounts', '--dry-run');
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringContaining(`customer.accounts ${_id}: differs from the log at /state/name/lastName`),
    });
    expect(stdout).not.toContain('Nobody');

    expect(await replay('accounts')).toMatchObject({ code: 0 });
    expect(await databases.snapshot()).toEqual(before);
  }, 60_000);
});

async function durationOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
