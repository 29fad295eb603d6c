import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { KafkaBus } from '../src/platform/kafka/bus.js';
import type { Bus } from '../src/platform/log/bus.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import { describeWithOwnServers } from './support/own-servers.js';
import {
  attestationOf,
  erase,
  expectForgotten,
  expectRemembered,
  NEWEST,
  newPerson,
  type Person,
} from './support/persons.js';
import { readTopics } from './support/read-log.js';
import { runCommand } from './support/run-command.js';
import { serve } from './support/run-process.js';
import { filesIn, type Place, tracesOf } from './support/traces.js';
import { expectVerified } from './support/verified.js';

const TOPICS = { accounts: 'accounts.customer.change', orders: 'orders.order.change' } as const;
const MODULES = ['accounts', 'orders'] as const;

describeWithOwnServers('a topic with events in clear text', 'sealed-generations', (servers) => {
  let bus: Bus;

  beforeAll(async () => {
    const client = { clientId: 'test', brokers: [servers.kafka] };
    bus = await KafkaBus.open({ client, partitions: 6, sessionTimeout: 6_000 }, silentLogger);
  });

  afterAll(() => bus.close());

  /** Uncompressed: segment files are searched. */
  const settings = () => ({
    KAFKA_COMPRESSION: 'none',
    ...{ KAFKA_BOOTSTRAP_SERVERS: servers.kafka, MONGODB_URI: servers.mongodb, KAFKA_SESSION_TIMEOUT_MS: '6000' },
  });
  const run = (module: string, ...args: string[]) => runCommand(settings(), ...args, '--module', module);
  const start = async (more: Readonly<Record<string, string>> = {}) => {
    const running = await serve({ ...settings(), ...more }).ready();
    return { running, urls: { accounts: running.url, orders: running.url } };
  };

  /** The generations that are active: their records, and Kafka's files as they are on disk. */
  async function places(generation: string): Promise<Place[]> {
    const records = await readTopics(bus, Object.values(TOPICS));
    const read = records.map(
      ({ topic, partition, offset, value }) => [`${topic}/${partition}/${offset}`, String(value)] as const,
    );
    const folders = Object.values(TOPICS).map((topic) => `${topic}${generation}-`);
    const files = filesIn(join(servers.folder, 'kafka', 'data', 'logs')).filter(
      ([path]) => path.endsWith('.log') && folders.some((folder) => path.includes(`/${folder}`)),
    );
    expect(files).not.toEqual([]);
    return [...read, ...files];
  }

  async function replayAll(): Promise<void> {
    for (const module of MODULES) expect(await run(module, 'replay')).toMatchObject({ code: 0, stderr: '' });
  }

  it('is copied with all of them sealed, and what is erased later cannot be opened in the copy, either', async () => {
    const before = await start({ PERSONAL_DATA: 'clear' });
    const [stays, goes, gone] = [
      await newPerson(before.urls),
      await newPerson(before.urls),
      await newPerson(before.urls),
    ];
    await erase(before.urls, gone);
    await attestationOf(before.urls, gone);
    await before.running.kill('SIGTERM');
    const everything = [stays, goes, gone].map(({ texts }) => texts);
    // What is searched for can be found at all.
    for (const texts of everything)
      expect(tracesOf(texts, await places(''))).toContainEqual(expect.stringContaining('.log'));

    const { running, urls } = await start();
    const early = await run('orders', 'topics', 'copy', '--partitions', '9');
    expect(early).toMatchObject({ code: 1, stderr: expect.stringMatching(/has no key .* run keys rotate/) });
    const copied = new Map<string, string>();
    for (const module of MODULES) {
      const { code, stdout, stderr } = await run(module, 'topics', 'copy', '--partitions', '9');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      copied.set(module, stdout);
    }
    expect(copied.get('accounts')).toContain(
      `${3 * NEWEST} events sealed that had been published in clear text, ${NEWEST} of them of erased persons, which nobody can open\n`,
    );
    // The early run has sealed some of them.
    expect(copied.get('orders')).toMatch(/orders\.order\.change: \d events? sealed/);

    for (const texts of everything) expect(tracesOf(texts, await places('.g2'))).toEqual([]);
    await eventually(() => expectVerified(settings()), { within: 30_000 });
    await expectRemembered(urls, stays);
    expect(await openedOf(stays)).toEqual({ opened: NEWEST, forgotten: 0 });
    expect(await openedOf(gone)).toEqual({ opened: 0, forgotten: NEWEST });

    await erase(urls, goes);
    await attestationOf(urls, goes);
    await expectForgotten(urls, goes);
    expect(await openedOf(goes)).toEqual({ opened: 0, forgotten: NEWEST });
    await eventually(() => expectVerified(settings()), { within: 30_000 });

    for (const [module, topic] of Object.entries(TOPICS)) {
      expect(await run(module, 'topics', 'delete-generation', '--generation', '1')).toMatchObject({ code: 0 });
      // A client of Kafka that knew the topic fails once.
      await eventually(async () => expect((await bus.extents(topic)).some(({ isFormer }) => isFormer)).toBe(true));
    }
    await replayAll();
    await eventually(() => expectVerified(settings()), { within: 30_000 });
    await expectRemembered(urls, stays);
    for (const each of [goes, gone]) {
      await expectForgotten(urls, each);
      const { remaining } = await attestationOf(urls, each);
      expect(remaining.map(({ what }) => what)).not.toContainEqual(expect.stringContaining('clear text in'));
    }
    expect(everything.map((texts) => tracesOf(texts, [['output', running.output]]))).toEqual([[], [], []]);
  }, 180_000);

  /** How many of the person's events the command opens. */
  async function openedOf({ id }: Person): Promise<{ opened: number; forgotten: number }> {
    const { stdout } = await run('accounts', 'events', 'get', id);
    const lines = stdout.split('\n').filter((line) => line.includes('"formerschema"'));
    const forgotten = lines.filter((line) => line.includes('"forgotten":true')).length;
    return { opened: lines.length - forgotten, forgotten };
  }
});
