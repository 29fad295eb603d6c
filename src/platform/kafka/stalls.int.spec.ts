import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { describeWithRealServers, realServers } from '../testing/real-servers.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { stallableNetwork, type StallableNetwork } from '../testing/stallable-network.js';
import type { RecordHandler } from '../log/bus.js';
import { KafkaBus } from './bus.js';

/** The minimum that a broker accepts. */
const SESSION_TIMEOUT_MS = 6_000;

describeWithRealServers('a stalled consumer', () => {
  let network: StallableNetwork;
  let stalling: KafkaBus;
  let bus: KafkaBus;
  let topic: string;

  beforeEach(async () => {
    network = stallableNetwork();
    const brokers = [realServers().kafka];
    const client = { clientId: 'stall-test', brokers };
    const settings = { partitions: 6, sessionTimeout: SESSION_TIMEOUT_MS };
    bus = await KafkaBus.open({ client, ...settings }, silentLogger);
    const { socketFactory } = network;
    stalling = await KafkaBus.open({ client: { ...client, socketFactory }, ...settings }, silentLogger);
    topic = `topic-${randomUUID()}`;
    await bus.createTopics([topic]);
  });

  afterEach(async () => {
    await Promise.all([bus.close(), stalling.close()]);
  });

  const consume = (handler: RecordHandler) => stalling.consume(randomUUID(), new Map([[topic, handler]]));

  it('is replaced, reported, and loses nothing when its answers never arrive', async () => {
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
  }, 180_000);

  it('is replaced when its handler hangs, and the records are retried', async () => {
    const hanging = gate();
    const recorder = new Recorder();
    let calls = 0;
    const member = await consume(recorder.handler(() => ((calls += 1) === 1 ? hanging.opened : undefined)));
    await bus.publish(topic, [record('k', 'one'), record('k', 'two')]);

    await eventually(() => expect(recorder.valuesByKey()).toEqual({ k: ['one', 'two'] }), { within: 90_000 });
    expect(member.restarts).toBe(1);
    hanging.open();
    await member.stop();
  }, 180_000);

  it('is not one with a slow handler that sends heartbeats, nor one with failing records', async () => {
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
  }, 180_000);
});
