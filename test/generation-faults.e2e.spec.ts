import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { masterKeysFile } from '../src/platform/testing/real-servers.js';
import { Databases } from './support/databases.js';
import { deleteAllTopics, expectReplayEqualsLive, expectSettled, readGeneration } from './support/generations.js';
import { expectAcknowledgedIsKept, expectGoodAnswers, expectLogTellsAll } from './support/guarantees.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { readKafka, TOPICS } from './support/read-log.js';
import { Reads } from './support/reads.js';
import { runCommand } from './support/run-command.js';
import { RunningProcess, serve } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const [CUSTOMERS] = TOPICS;
const MODULES = ['accounts', 'orders'] as const;
/** Concurrent clients: the instances and the command share the machine. */
const WRITERS = 6;
/** The lines that the command prints, one for each step. */
const STEPS = ['copying', 'comparing', 'switching', 'ending the old generation', 'comparing the rest'] as const;

describeWithOwnServers('a topic with another generation', 'generation-faults', (servers) => {
  let databases: Databases;

  beforeEach(async () => {
    databases = await Databases.open(servers.mongodb);
  });

  afterEach(async () => {
    await Reads.stopAll();
    await databases.drop();
    await databases.close();
    await deleteAllTopics(servers.kafka);
  });

  const settings = () => ({
    KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
    MONGODB_URI: servers.mongodb,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
  });
  const topics = (...args: string[]) => runCommand(settings(), 'topics', ...args, '--module', 'accounts');
  const instance = (module: string) => serve(settings(), module);

  it('is copied in the end by a command that was killed at each of its steps', async () => {
    const running = await serve(settings()).ready();
    const load = new Load({ accounts: [running.url], orders: [running.url] }, WRITERS);
    await load.acknowledges(150);
    for (const step of STEPS) {
      const command = new RunningProcess(['topics', 'copy', '--module', 'accounts', '--partitions', '24'], settings());
      while (!command.output.includes(`${CUSTOMERS}: ${step}\n`)) await sleep(1);
      await command.kill('SIGKILL');
      await load.acknowledges(20);
    }
    // The last kill may have come too late.
    const before = await activeGeneration();

    const { code, stdout, stderr } = await topics('copy', '--partitions', '24');

    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: expect.stringContaining('is active') });
    const active = await activeGeneration();
    expect(active).toBeGreaterThan(before);
    await load.acknowledges(60);
    await load.stop();
    expectGoodAnswers(load);
    await expectSettled(databases, load, running.url, running.managementUrl);
    await expectAcknowledgedIsKept(load, { accounts: running.url, orders: running.url });
    await expectVerified(settings());
    await expectLogTellsAll(load, await readGeneration(servers.kafka, active), masterKeysFile());
  }, 240_000);

  it('gets no event in the wrong generation from an instance that was suspended during the switch', async () => {
    const [running, suspended] = await Promise.all([serve(settings()).ready(), instance('accounts').ready()]);
    const both = [running.url, suspended.url];
    const load = new Load({ accounts: both, orders: [running.url] }, WRITERS);
    await load.acknowledges(150);

    await suspended.whileStopped(async () => {
      load.targets = { accounts: [running.url], orders: [running.url] };
      expect(await topics('copy', '--partitions', '9')).toMatchObject({ code: 0, stderr: '' });
      await load.acknowledges(50);
    });

    load.targets = { accounts: both, orders: [running.url] };
    await load.acknowledges(150);
    await load.stop();
    expectGoodAnswers(load);
    await expectSettled(databases, load, running.url, running.managementUrl, suspended.managementUrl);
    await expectAcknowledgedIsKept(load, { accounts: suspended.url, orders: running.url });
    await expectVerified(settings());
    await expectLogTellsAll(load, await readGeneration(servers.kafka, 2), masterKeysFile());
  }, 240_000);

  it('is switched back with the events that were published since, and forth again', async () => {
    const instances = await Promise.all([...MODULES, ...MODULES].map((module) => instance(module).ready()));
    const [accounts, orders] = [0, 1].map((of) => instances.filter((_, index) => index % 2 === of)) as [
      RunningProcess[],
      RunningProcess[],
    ];
    const load = new Load({ accounts: accounts.map(({ url }) => url), orders: orders.map(({ url }) => url) }, WRITERS);
    await load.acknowledges(120);
    const reads = new Reads(accounts[0]!.url, load, orders[0]!.url);
    expect(await topics('copy', '--partitions', '24')).toMatchObject({ code: 0, stderr: '' });
    await load.acknowledges(120);

    const back = await topics('switch', '--to', '1');

    expect(back).toMatchObject({ code: 0, stderr: '' });
    expect(back.stdout).toContain(`generation 1 is active: ${CUSTOMERS}, 6 partitions`);
    console.log(back.stdout);
    await load.acknowledges(120);
    expect(await reads.stop()).toEqual([]);
    await load.stop();
    expectGoodAnswers(load);
    await expectSettled(databases, load, orders[0]!.url, ...instances.map(({ managementUrl }) => managementUrl));
    await expectVerified(settings());
    await expectLogTellsAll(load, await readGeneration(servers.kafka, 1), masterKeysFile());
    await Promise.all(instances.map((each) => each.kill('SIGTERM')));
    await expectReplayEqualsLive(databases, settings());

    expect(await topics('switch', '--to', '2')).toMatchObject({ code: 0, stderr: '' });
    await expectVerified(settings());
    await expectLogTellsAll(load, await readGeneration(servers.kafka, 2), masterKeysFile());

    expect(await topics('delete-generation', '--generation', '1')).toMatchObject({ code: 0, stderr: '' });
    expect(await topics('switch', '--to', '1')).toMatchObject({ code: 1 });
    const { code, stdout } = await topics('check');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('generation 1: accounts.customer.change, partitions 0 to 5, deleted'),
    });
    const again = await serve(settings()).ready();
    await expectAcknowledgedIsKept(load, { accounts: again.url, orders: again.url });
    await expectVerified(settings());
  }, 240_000);

  /** As Kafka states it. */
  async function activeGeneration(): Promise<number> {
    const newest = (await readKafka(servers.kafka, [`${CUSTOMERS}.generations`])).at(-1);
    return (JSON.parse(String(newest?.value)) as { active: number }).active;
  }
});
