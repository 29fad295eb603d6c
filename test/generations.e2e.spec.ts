import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { masterKeysFile } from '../src/platform/testing/real-servers.js';
import { Databases } from './support/databases.js';
import { deleteAllTopics, expectReplayEqualsLive, expectSettled, readGeneration } from './support/generations.js';
import { expectAcknowledgedIsKept, expectGoodAnswers, expectLogTellsAll } from './support/guarantees.js';
import { Load } from './support/load.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { Reads } from './support/reads.js';
import { runCommand } from './support/run-command.js';
import { type RunningProcess, serve, temporaryDirectory } from './support/run-process.js';
import { expectVerified } from './support/verified.js';

const MODULES = ['accounts', 'orders'] as const;
/** Concurrent clients: the instances and the command share the machine. */
const WRITERS = 6;

describeWithOwnServers('a topic with another generation', 'generations', (servers) => {
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

  it('is copied from 6 to 24 partitions under load, and nobody notices', async () => {
    const instances = await Promise.all([...MODULES, ...MODULES].map((module) => instance(module).ready()));
    const [accounts, orders] = [0, 1].map((of) => instances.filter((_, index) => index % 2 === of)) as [
      RunningProcess[],
      RunningProcess[],
    ];
    const load = new Load({ accounts: accounts.map(({ url }) => url), orders: orders.map(({ url }) => url) }, WRITERS);
    await load.acknowledges(150);
    const reads = new Reads(accounts[0]!.url, load, orders[0]!.url);
    const key = newKey();

    const copied = await topics('copy', '--partitions', '24', '--sign-with', key.privateKey);

    expect(copied).toMatchObject({ code: 0, stderr: '' });
    expect(copied.stdout).toMatch(/generation 2 is active: accounts\.customer\.change\.g2, 24 partitions/);
    expect(copied.stdout).toMatch(/nothing was published for \d+ ms/);
    console.log(copied.stdout);
    await load.acknowledges(150);
    expect(await reads.stop()).toEqual([]);
    await load.stop();
    expectGoodAnswers(load);
    await expectSettled(databases, load, orders[0]!.url, ...instances.map(({ managementUrl }) => managementUrl));
    await expectAcknowledgedIsKept(load, { accounts: accounts[1]!.url, orders: orders[1]!.url });
    await expectVerified(settings());
    await expectLogTellsAll(load, await readGeneration(servers.kafka, 2), masterKeysFile());
    expect(await topics('manifest', '--public-key', key.publicKey)).toMatchObject({ code: 0 });
    expect(await topics('manifest', '--public-key', newKey().publicKey)).toMatchObject({ code: 1 });

    await Promise.all(instances.map((each) => each.kill('SIGTERM')));
    await expectReplayEqualsLive(databases, settings());
  }, 240_000);
});

function newKey(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const folder = temporaryDirectory();
  const files = { privateKey: join(folder, 'private.pem'), publicKey: join(folder, 'public.pem') };
  writeFileSync(files.privateKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(files.publicKey, publicKey.export({ type: 'spki', format: 'pem' }));
  return files;
}
