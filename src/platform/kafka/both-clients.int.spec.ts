import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { RecordClientName } from '../operating/config/kafka-settings.js';
import { aRoundOf, isOfRound, keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { realServers } from '../testing/real-servers.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { KafkaBus } from './bus.js';
import { partitionOf } from './partitioning.js';

const PARTITIONS = 7;
const KEYS = 4_000;

/** The bus of a process with kafkajs, beside one with the client of the test. */
describeWithEachClient('processes with different clients of Kafka', (recordClient) => {
  let kafkajs: KafkaBus;
  let other: KafkaBus;
  let topic: string;
  let toStop: { stop(): Promise<void> }[];

  beforeEach(async () => {
    toStop = [];
    [kafkajs, other] = [await openBus('kafkajs'), await openBus(recordClient)];
    topic = `topic-${randomUUID()}`;
    await kafkajs.createTopics([topic]);
  });

  afterEach(async () => {
    await Promise.all(toStop.map((each) => each.stop()));
    await Promise.all([kafkajs.close(), other.close()]);
  });

  function openBus(client: RecordClientName): Promise<KafkaBus> {
    const settings = { client: { brokers: [realServers().kafka] }, partitions: PARTITIONS, sessionTimeout: 6_000 };
    return KafkaBus.open({ ...settings, recordClient: client }, silentLogger);
  }

  async function consume(bus: KafkaBus, group: string, recorder: Recorder) {
    const consumer = await bus.consume(group, new Map([[topic, recorder.handler()]]));
    toStop.push(consumer);
    return consumer;
  }

  it("put every key into the same partition, the one of Kafka's own clients", async () => {
    const records = Array.from({ length: KEYS }, (_, index) =>
      record(index % 2 === 0 ? randomUUID() : `key ${index} ${'ü'.repeat(index % 40)}`, 'v'),
    );
    await kafkajs.publish(topic, records);
    await other.publish(topic, records);

    const recorder = new Recorder();
    const reader = await other.read([topic], recorder.handler());
    toStop.push(reader);
    await reader.caughtUp();

    const partitionsOf = new Map<string, number[]>();
    for (const { key, partition } of recorder.records) {
      partitionsOf.set(String(key), [...(partitionsOf.get(String(key)) ?? []), partition]);
    }
    const expected = records.map(({ key }) => {
      const partition = partitionOf(key as Buffer, PARTITIONS);
      return [String(key), [partition, partition]] as const;
    });
    expect(partitionsOf).toEqual(new Map(expected));
  });

  it('share the partitions of a topic in one group', async () => {
    const [group, recorders] = [randomUUID(), [new Recorder(), new Recorder()]];
    const first = await consume(kafkajs, group, recorders[0]!);
    const second = await consume(other, group, recorders[1]!);

    await eventually(() => {
      const shares = [first, second].map((consumer) => consumer.assignment().get(topic) ?? []);
      for (const share of shares) expect(share.length).toBeGreaterThanOrEqual(3);
      expect(shares.flat().sort()).toEqual([...Array(PARTITIONS).keys()]);
    });
    await other.publish(topic, aRoundOf('shared'));
    await eventually(() => {
      const handled = recorders.flatMap(({ records }) => records.filter(isOfRound('shared')));
      expect(handled).toHaveLength(keys.length);
    });
    for (const { records } of recorders) expect(records).not.toHaveLength(0);
  });

  it('continue where the other has committed', async () => {
    const group = randomUUID();
    for (const [round, bus] of [kafkajs, other, kafkajs].entries()) {
      const recorder = new Recorder();
      await bus.publish(topic, aRoundOf(String(round)));
      const consumer = await consume(bus, group, recorder);
      await eventually(() => expect(recorder.records).toHaveLength(keys.length));
      expect(recorder.records.every(isOfRound(String(round)))).toBe(true);
      await consumer.stop();
    }
  });
});
