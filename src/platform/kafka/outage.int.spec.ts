import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startServers, stopServers } from '../../../scripts/servers.mjs';
import { cuttableNetwork } from '../testing/cuttable-network.js';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { describeWhereOwnServersRun } from '../testing/own-servers-needed.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { KafkaBus, type KafkaSettings } from './bus.js';

/** This spec has its own broker, because it stops and kills it. */
const instance = { name: `outage-${process.pid}`, only: 'kafka', log: () => undefined } as const;

const throughAnOutage: Parameters<typeof describeWithEachClient>[1] = (recordClient) => {
  let broker: string;

  beforeAll(async () => {
    broker = (await startServers(instance)).kafka;
  });

  afterAll(async () => {
    await stopServers({ name: instance.name, log: instance.log, wipe: true });
  });

  function openBus(
    client: Partial<KafkaSettings['client']> = {},
    others: Partial<KafkaSettings> = {},
  ): Promise<KafkaBus> {
    const connection = { clientId: 'outage-test', brokers: [broker], connectionTimeout: 5_000, ...client };
    // Uncompressed, so that padding makes a batch large.
    const settings = {
      ...{ client: connection, recordClient },
      ...({ compression: 'none', partitions: 6, sessionTimeout: 6_000 } as const),
    };
    return KafkaBus.open({ ...settings, ...others }, silentLogger);
  }

  it('continues to consume after a broker restart', async () => {
    const bus = await openBus();
    const topic = `topic-${randomUUID()}`;
    const recorder = new Recorder();
    await bus.createTopics([topic]);
    const member = await bus.consume(randomUUID(), new Map([[topic, recorder.handler()]]));
    await bus.publish(topic, [record('k', 'before')]);
    await eventually(() => expect(recorder.values).toEqual(['before']));

    await stopServers(instance);
    await startServers(instance);
    await eventually(() => bus.publish(topic, [record('k', 'after')]));

    await eventually(() => {
      expect(recorder.valuesByKey()).toEqual({ k: ['before', 'after'] });
      expect(member.health()).toEqual({ up: true });
    });
    await member.stop();
    await bus.close();
  });

  it('fails to publish while the broker is down; retries lose nothing and keep the order per key', async () => {
    const bus = await openBus({ retry: { retries: 2, initialRetryTime: 100 } });
    const topic = `topic-${randomUUID()}`;
    const values = Array.from({ length: 40 }, (_, index) => String(index));
    await bus.createTopics([topic]);
    let published = 0;
    const failures: unknown[] = [];
    /** Publishes each record after the previous one is confirmed, as the relay does. */
    async function publishInOrder(key: string): Promise<void> {
      for (const value of values) {
        await eventually(() => bus.publish(topic, [record(key, value)]).catch(rememberAndThrow), { within: 50_000 });
        published += 1;
      }
    }
    function rememberAndThrow(error: unknown): never {
      failures.push(error);
      throw error;
    }

    const publishing = Promise.all([publishInOrder('a'), publishInOrder('b')]);
    await eventually(() => expect(published).toBeGreaterThan(5));
    await stopServers({ ...instance, signal: 'SIGKILL' });
    await eventually(() => expect(failures).not.toHaveLength(0));
    await startServers(instance);
    await publishing;

    const recorder = new Recorder();
    const member = await bus.consume(randomUUID(), new Map([[topic, recorder.handler()]]));
    await eventually(() => expect(recorder.valuesByKey()).toEqual({ a: values, b: values }));
    await member.stop();
    await bus.close();
  });

  it('does not restart a member that was stopped during an outage', async () => {
    const network = cuttableNetwork();
    const [bus, cutOff] = [await openBus(), await openBus(network.client)];
    const topic = `topic-${randomUUID()}`;
    const group = randomUUID();
    await bus.createTopics([topic]);
    const [stopped, staying] = [new Recorder(), new Recorder()];
    const [started, finish] = [gate(), gate()];
    const inHand = stopped.handler(() => {
      started.open();
      return finish.opened;
    });
    const member = await cutOff.consume(group, new Map([[topic, inHand]]));
    await bus.publish(topic, [record('k', 'in hand')]);
    await started.opened;

    network.cut();
    const successor = await bus.consume(group, new Map([[topic, staying.handler()]]));
    await eventually(() => expect(staying.values).toEqual(['in hand']));
    // The failing offset commit crashes the kafkajs consumer, which would restart by itself.
    finish.open();
    await member.stop();
    network.mend();
    const values = Array.from({ length: 200 }, (_, index) => String(index));
    for (const value of values) await bus.publish(topic, [record(value, value)]);

    await eventually(() => expect(staying.values).toEqual(expect.arrayContaining(values)));
    expect(stopped.values).toEqual(['in hand']);
    await successor.stop();
    await Promise.all([bus.close(), cutOff.close()]);
  });

  it('continues to read at its position after a broker restart', async () => {
    const bus = await openBus();
    const topic = `topic-${randomUUID()}`;
    await bus.createTopics([topic]);
    const values = await publishMoreThanOneFetch(bus, topic);
    const recorder = new Recorder();
    let restarted = false;
    const reader = await bus.read(
      [topic],
      recorder.handler(async () => {
        if (restarted) return;
        restarted = true;
        await stopServers({ ...instance, signal: 'SIGKILL' });
        await startServers(instance);
      }),
    );
    await reader.caughtUp();
    await eventually(() => bus.publish(topic, [record('k', 'after')]));
    await reader.caughtUp();

    expect(recorder.records.map(({ offset }) => offset)).toEqual([...values.keys(), values.length]);
    expect(recorder.values.map((value) => value.slice(0, 5))).toEqual([...values, 'after']);
    await reader.stop();
    await bus.close();
  }, 120_000);

  it('fails a log reader with the reason when the broker stays down', async () => {
    const bus = await openBus({ retry: { retries: 2, initialRetryTime: 100 } }, { logReaderTimeoutMs: 3_000 });
    const topic = `topic-${randomUUID()}`;
    await bus.createTopics([topic]);
    await publishMoreThanOneFetch(bus, topic);
    let handed = 0;
    const asked = gate();
    const reader = await bus.read([topic], async (records) => {
      await asked.opened;
      if (handed === 0) await stopServers({ ...instance, signal: 'SIGKILL' });
      handed += records.length;
    });
    const away = {
      kind: 'unavailable',
      message: expect.stringMatching(/^Kafka became unavailable while its topics were read: /),
    };
    try {
      await bus.publish(topic, [record('k', 'one more')]);
      const caughtUp = reader.caughtUp();
      caughtUp.catch(() => undefined);
      await eventually(() => expect(reader.progress.total).toBe(41));
      asked.open();
      await expect(caughtUp).rejects.toMatchObject(away);
      await expect(reader.caughtUp()).rejects.toMatchObject(away);
      await reader.stop();
      await expect(bus.read([topic], () => Promise.resolve())).rejects.toThrow();
      expect(reader.progress.read).toBe(handed);
      expect(reader.progress.total).toBeGreaterThan(handed);
    } finally {
      await startServers(instance);
      await bus.close();
    }
  }, 180_000);
};

describeWithEachClient('KafkaBus through an outage', throughAnOutage, describeWhereOwnServersRun);

/** Returns the values. Each has five characters, followed by blanks. */
async function publishMoreThanOneFetch(bus: KafkaBus, topic: string): Promise<string[]> {
  const values = Array.from({ length: 40 }, (_, index) => String(10_000 + index));
  await bus.publish(
    topic,
    values.map((value) => record('k', value.padEnd(100_000))),
  );
  return values;
}
