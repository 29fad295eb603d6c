import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import kafkajs, { type Admin, type Kafka as Client, type Transaction } from 'kafkajs';
import { aRoundOf, isOfRound, keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { realServers } from '../testing/real-servers.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import type { LogReader } from '../log/bus.js';
import { KafkaBus } from './bus.js';

const { Kafka, logLevel, Partitioners } = kafkajs;

describeWithEachClient('a log reader on a real Kafka', (recordClient) => {
  let client: Client;
  let admin: Admin;
  let bus: KafkaBus;
  let clientId: string;
  let topic: string;
  let reader: LogReader | undefined;

  beforeEach(async () => {
    const brokers = [realServers().kafka];
    clientId = `reader-test-${randomUUID()}`;
    topic = `topic-${randomUUID()}`;
    client = new Kafka({ brokers, logLevel: logLevel.NOTHING });
    admin = client.admin();
    await admin.connect();
    const settings = { client: { clientId, brokers }, recordClient, partitions: 6, sessionTimeout: 6_000 };
    bus = await KafkaBus.open(settings, silentLogger);
    await bus.createTopics([topic]);
  });

  afterEach(async () => {
    await reader?.stop();
    await Promise.all([bus.close(), admin.disconnect()]);
  });

  /** The consumer groups with a member of the bus. */
  async function groups(): Promise<string[]> {
    const all = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
    const described = all.length === 0 ? [] : (await admin.describeGroups(all)).groups;
    return described
      .filter(({ members }) => members.some((member) => member.clientId === clientId))
      .map(({ groupId }) => groupId);
  }

  async function inTransaction(work: (transaction: Transaction) => Promise<void>): Promise<void> {
    const createPartitioner = Partitioners.DefaultPartitioner;
    const producer = client.producer({ transactionalId: randomUUID(), maxInFlightRequests: 1, createPartitioner });
    await producer.connect();
    try {
      await work(await producer.transaction());
    } finally {
      await producer.disconnect();
    }
  }

  const messages = (value: string) => aRoundOf(value).map(({ key, value: bytes }) => ({ key, value: bytes }));

  it('catches up when a topic ends with transaction markers, and skips aborted records', async () => {
    const recorder = new Recorder();
    await bus.publish(topic, aRoundOf('plain'));
    await inTransaction(async (transaction) => {
      await transaction.send({ topic, messages: messages('committed') });
      await transaction.commit();
    });
    const following = (reader = await bus.read([topic], recorder.handler()));
    // A broker writes the transaction markers shortly after its answer.
    const caughtUpWith = (round: string) =>
      eventually(async () => {
        await following.caughtUp();
        expect(recorder.records.filter(isOfRound(round))).toHaveLength(keys.length);
      });
    await caughtUpWith('committed');

    await inTransaction(async (transaction) => {
      await transaction.send({ topic, messages: messages('aborted') });
      await transaction.abort();
    });
    await inTransaction(async (transaction) => {
      await transaction.send({ topic, messages: messages('late') });
      await transaction.commit();
    });
    await caughtUpWith('late');
    expect(recorder.records).toHaveLength(3 * keys.length);
    await eventually(async () => {
      await following.caughtUp();
      const { read, total } = following.progress;
      expect(read).toBe(total);
      expect(total).toBeGreaterThan(4 * keys.length);
    });
  });

  it('catches up on a topic that has only aborted transactions', async () => {
    await inTransaction(async (transaction) => {
      await transaction.send({ topic, messages: messages('aborted') });
      await transaction.abort();
    });
    const recorder = new Recorder();
    reader = await bus.read([topic], recorder.handler());
    await reader.caughtUp();
    expect(recorder.records).toEqual([]);
  });

  it('starts no further handler in any partition after one has failed', async () => {
    const records = Array.from({ length: 1_500 }, () => ['key-0', 'key-1', 'key-2', 'key-3']).flat();
    await bus.publish(
      topic,
      records.map((key) => record(key, 'v')),
    );
    let inHand = 0;
    let begun = 0;
    const twoInHand = gate();
    const failed = gate();
    reader = await bus.read([topic], async () => {
      begun += 1;
      const isSecond = (inHand += 1) === 2;
      if (isSecond) twoInHand.open();
      await twoInHand.opened;
      if (isSecond) {
        setImmediate(failed.open);
        throw new Error('it cannot be applied');
      }
      await failed.opened;
    });
    await expect(reader.caughtUp()).rejects.toThrow('it cannot be applied');
    await reader.stop();

    // As many as are handled concurrently.
    expect(begun).toBeGreaterThan(1);
    expect(begun).toBeLessThanOrEqual(3);
  });

  it('accepts a record of the maximum size, and rejects a larger one as too large, not as an outage', async () => {
    const deadLetters = `${topic}.group.dlt`;
    await bus.createTopics([deadLetters]);
    const large = { key: null, value: randomBytes(1_040_000), headers: {} };
    const tooLarge = { ...large, value: randomBytes(1_100_000) };
    const refusal = { name: 'record-too-large', kind: 'too-large', code: 'record-too-large' };
    await bus.publish(topic, [record('k', 'before'), large]);

    await expect(bus.publish(topic, [tooLarge])).rejects.toMatchObject(refusal);
    await expect(
      bus.publish(topic, [{ ...record('k', 'v'), headers: { h: randomBytes(1_100_000) } }]),
    ).rejects.toMatchObject(refusal);
    await bus.publish(topic, [record('k', 'after')]);
    await bus.publish(deadLetters, [{ ...large, headers: { 'dlt-error': 'e'.repeat(20_000) } }, tooLarge]);
    await expect(bus.publish(deadLetters, [{ ...large, value: randomBytes(2_200_000) }])).rejects.toMatchObject(
      refusal,
    );

    const recorder = new Recorder();
    reader = await bus.read([topic, deadLetters], recorder.handler());
    await reader.caughtUp();
    const lengths = recorder.records.map(({ value }) => value?.length ?? 0).filter((length) => length > 10);
    expect(lengths.sort()).toEqual([1_040_000, 1_040_000, 1_100_000]);
    expect(recorder.valuesByKey().k).toEqual(['before', 'after']);
  });

  it('does not create missing topics', async () => {
    const missing = `topic-${randomUUID()}`;
    await bus.publish(topic, [record('k', 'v')]);
    reader = await bus.read([topic, missing], () => Promise.resolve());
    await reader.caughtUp();

    expect(await bus.describeTopics([topic, missing])).toMatchObject([{ topic }]);
    expect([...(await bus.countRecords([missing]))]).toEqual([[missing, 0]]);
    expect(await admin.listTopics()).not.toContain(missing);
  });

  if (recordClient === 'kafkajs') {
    it('continues at its position after a handler that took longer than the session timeout', async () => {
      for (const round of ['1', '2', '3']) await bus.publish(topic, aRoundOf(round));
      let expired = false;
      const recorder = new Recorder();
      reader = await bus.read(
        [topic],
        recorder.handler(async () => {
          if (expired) return;
          await eventually(async () => expect(await groups()).toEqual([]));
          expired = true;
        }),
      );
      await reader.caughtUp();
      await bus.publish(topic, aRoundOf('4'));
      await reader.caughtUp();

      expect(recorder.records).toHaveLength(4 * keys.length);
      expect(recorder.valuesByKey()).toEqual(
        Object.fromEntries(keys.map((key) => [key, ['1', '2', '3', '4'].map((round) => `${key} ${round}`)])),
      );
    });

    it('keeps its session during many records that take longer than the session timeout together', async () => {
      const values = Array.from({ length: 3_000 }, (_, index) => String(index));
      await bus.publish(
        topic,
        values.map((value) => record('k', value)),
      );
      const members: string[][] = [];
      const recorder = new Recorder();
      reader = await bus.read(
        [topic],
        recorder.handler(async () => {
          // Six of these take twice the session timeout.
          await new Promise((resolve) => setTimeout(resolve, 2_000));
          const described = await admin.describeGroups(await groups());
          members.push(described.groups.flatMap((group) => group.members.map(({ memberId }) => memberId)));
        }),
      );
      await reader.caughtUp();

      expect(recorder.values).toEqual(values);
      expect(members.length).toBeGreaterThan(3);
      for (const each of members) expect(each).toEqual([expect.any(String)]);
      expect(new Set(members.flat()).size).toBe(1);
    });

    it('leaves no consumer group behind', async () => {
      await bus.publish(topic, [record('k', 'v')]);
      reader = await bus.read([topic], () => Promise.resolve());
      await reader.caughtUp();
      const [group] = await groups();
      expect(group).toBeDefined();

      await reader.stop();

      expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain(group);
    });

    it('leaves no consumer group behind after its handler failed, with or without stop()', async () => {
      await bus.publish(topic, [record('k', 'v')]);
      let joined: string[] = [];
      reader = await bus.read([topic], async () => {
        joined = await groups();
        throw new Error('it cannot be applied');
      });
      await expect(reader.caughtUp()).rejects.toThrow('it cannot be applied');

      expect(joined).toHaveLength(1);
      await eventually(async () => {
        expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain(joined[0]);
      });
    });
  } else {
    it('joins no consumer group', async () => {
      await bus.publish(topic, [record('k', 'v')]);
      const joined: string[] = [];
      reader = await bus.read([topic], async () => {
        joined.push(...(await groups()), 'asked');
      });
      await reader.caughtUp();

      expect(joined).toEqual(['asked']);
    });
  }
});
