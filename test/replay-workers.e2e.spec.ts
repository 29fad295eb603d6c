import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { Databases } from './support/databases.js';
import { expectAcknowledgedIsKept, expectGoodAnswers } from './support/guarantees.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { attestationOf, erase, expectForgotten, newPerson } from './support/persons.js';
import { runCommand } from './support/run-command.js';
import { RunningProcess, serve } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const WORKERS = ['--workers', '3'] as const;

describeWithOwnServers('a replay with several workers', 'replay-workers', (servers) => {
  let databases: Databases;

  beforeEach(async () => {
    databases = await Databases.open(servers.mongodb);
  });

  afterEach(() => databases.close());

  const settings = () => ({ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb });
  const replay = (module: string, ...flags: string[]) => runCommand(settings(), 'replay', '--module', module, ...flags);

  it('rebuilds every collection beside services that are written to, an erased person included', async () => {
    const running = await serve(settings()).ready();
    const urls = { accounts: running.url, orders: running.url };
    const person = await newPerson(urls);
    const load = new Load({ accounts: [running.url], orders: [running.url] });
    await load.acknowledges(200);
    await erase(urls, person);

    for (const module of ['accounts', 'orders']) {
      const { code, stdout, stderr } = await replay(module, ...WORKERS);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expect.stringMatching(/100 %, /), stderr: '' });
    }
    await load.acknowledges(50);
    await load.stop();

    expectGoodAnswers(load);
    await expectAcknowledgedIsKept(load, urls);
    await attestationOf(urls, person);
    await eventually(() => expectForgotten(urls, person));
    await running.kill('SIGTERM');
    await expectVerified(settings());
  }, 120_000);

  it('comes to the same documents as services do', async () => {
    expect(await replay('accounts', '--dry-run', ...WORKERS)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the rebuilt collections match the live ones'),
    });
  }, 60_000);

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'leaves the collections as they were after a %s',
    async (signal) => {
      const before = await databases.snapshot();
      const isRebuilt = (name: string) => name.includes('.rebuild-');
      const rebuilding = new RunningProcess(['replay', '--module', 'accounts', ...WORKERS], settings());
      await eventually(async () => expect((await databases.collections()).some(isRebuilt)).toBe(true), { every: 1 });
      const ended = await rebuilding.kill(signal);
      const rebuilt = (await databases.collections()).filter(isRebuilt);

      expect(ended).toEqual(signal === 'SIGTERM' ? { code: 1, signal: null } : { code: null, signal });
      if (signal === 'SIGTERM') {
        expect(rebuilding.stderr).toBe('stopped by SIGTERM\n');
        expect(rebuilt).toEqual([]);
      }
      expect(await replay('accounts', ...WORKERS)).toMatchObject({ code: 0 });
      expect(await databases.snapshot()).toEqual(before);
    },
    60_000,
  );
});
