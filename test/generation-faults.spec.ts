// Takes minutes; see jest.cluster.config.js.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { masterKeysFile } from '../src/platform/testing/real-servers.js';
import { Databases } from './support/databases.js';
import { deleteAllTopics, expectSettled, readGeneration } from './support/generations.js';
import { expectAcknowledgedIsKept, expectGoodAnswers, expectLogTellsAll } from './support/guarantees.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { readKafka, TOPICS } from './support/read-log.js';
import { runCommand } from './support/run-command.js';
import { RunningProcess, serve } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const [CUSTOMERS] = TOPICS;
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

  /** As Kafka states it. */
  async function activeGeneration(): Promise<number> {
    const newest = (await readKafka(servers.kafka, [`${CUSTOMERS}.generations`])).at(-1);
    return (JSON.parse(String(newest?.value)) as { active: number }).active;
  }
});
