import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import type { RecordClientName } from '../operating/config/kafka-settings.js';
import { realServers } from '../testing/real-servers.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { type StallableNetwork, stallableNetwork } from '../testing/stallable-network.js';
import type { RecordHandler } from '../log/bus.js';
import { KafkaBus } from './bus.js';

/** The minimum that a broker accepts. */
const SESSION_TIMEOUT_MS = 6_000;

/** What one test has for itself: tests here wait most of their time, so they run at the same time. */
interface World {
  readonly network: StallableNetwork;
  readonly bus: KafkaBus;
  readonly topic: string;
  consume(handler: RecordHandler): ReturnType<KafkaBus['consume']>;
}

async function inWorld(recordClient: RecordClientName, test: (world: World) => Promise<void>): Promise<void> {
  const network = stallableNetwork();
  const client = { clientId: 'stall-test', brokers: [realServers().kafka] };
  const settings = { recordClient, partitions: 6, sessionTimeout: SESSION_TIMEOUT_MS };
  const bus = await KafkaBus.open({ client, ...settings }, silentLogger);
  const stalling = await KafkaBus.open({ client: { ...client, ...network.client }, ...settings }, silentLogger);
  const topic = `topic-${randomUUID()}`;
  const consume = (handler: RecordHandler) => stalling.consume(randomUUID(), new Map([[topic, handler]]));
  try {
    await bus.createTopics([topic]);
    await test({ network, bus, topic, consume });
  } finally {
    await Promise.all([bus.close(), stalling.close()]);
  }
}

describeWithEachClient('a stalled consumer', (recordClient) => {
  const concurrently = (name: string, test: (world: World) => Promise<void>) =>
    it.concurrent(name, () => inWorld(recordClient, test), 180_000);

  concurrently('is replaced, reported, and loses nothing when its answers never arrive', async (world) => {
    const { network, bus, topic, consume } = world;
    const recorder = new Recorder();
    const member = await consume(recorder.handler());
    await bus.publish(topic, [record('k', 'before')]);
    await eventually(() => expect(recorder.values).toEqual(['before']));

    network.stall();
    await bus.publish(topic, [record('k', 'while it stands'), record('k', 'and after')]);

    await eventually(
      () =>
        expect(member.health()).toEqual({
          up: false,
          detail: expect.stringMatching(/ makes no progress on topic-\S+\/\d, where it lags$/),
        }),
      { within: 60_000 },
    );
    await eventually(() => expect(recorder.valuesByKey()).toEqual({ k: ['before', 'while it stands', 'and after'] }), {
      within: 60_000,
    });
    expect(member.restarts).toBe(1);
    await eventually(() => expect(member.health()).toEqual({ up: true }));
    await member.stop();
  });

  concurrently('is replaced when its handler hangs, and the records are retried', async ({ bus, topic, consume }) => {
    const hanging = gate();
    const recorder = new Recorder();
    let calls = 0;
    const member = await consume(recorder.handler(() => ((calls += 1) === 1 ? hanging.opened : undefined)));
    await bus.publish(topic, [record('k', 'one'), record('k', 'two')]);

    await eventually(() => expect(recorder.valuesByKey()).toEqual({ k: ['one', 'two'] }), { within: 90_000 });
    expect(member.restarts).toBe(1);
    hanging.open();
    await member.stop();
  });

  concurrently('is not one with a slow handler that sends heartbeats, nor one with failing records', async (world) => {
    const { bus, topic, consume } = world;
    const began = performance.now();
    const recorder = new Recorder();
    const untilLate = recorder.handler(async ([first], lease) => {
      while (performance.now() - began < 6 * SESSION_TIMEOUT_MS) {
        if (String(first?.key) === 'failing') throw new Error('a dependency is away');
        await sleep(500);
        await lease.heartbeat();
      }
    });
    const member = await consume(untilLate);
    await bus.publish(topic, [record('failing', 'one'), record('long', 'two')]);

    await eventually(() => expect(recorder.values.sort()).toEqual(['one', 'two']), { within: 90_000 });
    expect(member.restarts).toBe(0);
    await member.stop();
  });
});
