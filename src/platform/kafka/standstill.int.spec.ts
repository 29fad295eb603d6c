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

/** The shortest that a broker takes. */
const SESSION = 6_000;

describeWithRealServers('a consumer that stands still', () => {
  let network: StallableNetwork;
  let stalling: KafkaBus;
  let bus: KafkaBus;
  let topic: string;

  beforeEach(async () => {
    network = stallableNetwork();
    const brokers = [realServers().kafka];
    const client = { clientId: 'standstill-test', brokers };
    const settings = { partitions: 6, sessionTimeout: SESSION };
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

  it('because answers to it never come is replaced, says so, and loses nothing', async () => {
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
          detail: expect.stringMatching(/ takes nothing from topic-\S+\/\d, where it is behind$/),
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

  it('because its handler hangs is replaced, and the records come again', async () => {
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

  it('is not one whose handler takes long and heartbeats, nor one whose records fail', async () => {
    const began = performance.now();
    const recorder = new Recorder();
    const untilLate = recorder.handler(async ([first], lease) => {
      while (performance.now() - began < 6 * SESSION) {
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
