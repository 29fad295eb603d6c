import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaBus } from '../src/platform/kafka/bus.js';
import { describeWithCluster } from './support/cluster.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { expectNothingLost } from './support/expect-nothing-lost.js';
import { call } from './support/http.js';
import { Load } from './support/load.js';
import { TOPICS } from './support/read-log.js';
import { record } from '../src/platform/testing/recorder.js';
import { type RunningProcess, serve } from './support/run-process.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';

const BROKERS = ['kafka-1', 'kafka-2', 'kafka-3'] as const;

describeWithCluster('on three brokers and three members', 'e2e-cluster', (cluster) => {
  describe('the bus', () => {
    function openBus(): Promise<KafkaBus> {
      const client = { clientId: 'cluster-test', brokers: cluster.kafka.split(',') };
      return KafkaBus.open({ client, partitions: 6, sessionTimeout: 6_000 }, silentLogger);
    }

    /** How many records each partition holds. */
    async function ends(topic: string): Promise<number[]> {
      const offsets = await eventually(() => cluster.withAdmin((admin) => admin.fetchTopicOffsets(topic)));
      return offsets.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
    }

    function deleteTopics(...topics: string[]): Promise<void> {
      return eventually(() => cluster.withAdmin((admin) => admin.deleteTopics({ topics })));
    }

    it('loses nothing when a partition goes to a broker that has confirmed for another one already', async () => {
      for (let round = 0; round < 3; round += 1) {
        const topic = `topic-${randomUUID()}`;
        await cluster.createTopic(topic, [[1], [2]]);
        const bus = await openBus();
        const both = [record('key-0', 'x'), record('key-1', 'x'), record('key-2', 'x'), record('key-3', 'x')];
        await bus.publish(topic, both);
        const before = await ends(topic);
        expect(Math.min(...before)).toBeGreaterThan(0);
        // The client believes for a while that broker 2 leads it still.
        await cluster.move(topic, 1, [1]);

        await eventually(() => bus.publish(topic, both));

        const after = await ends(topic);
        for (const [partition, end] of after.entries())
          expect(end).toBeGreaterThanOrEqual(2 * (before[partition] as number));
        await bus.close();
        await deleteTopics(topic);
      }
    }, 120_000);

    it('publishes to one topic while a broker keeps it waiting for another one', async () => {
      const [stuck, free] = [`topic-${randomUUID()}`, `topic-${randomUUID()}`];
      await cluster.createTopic(stuck, [[3]]);
      await cluster.createTopic(free, [[1]]);
      const bus = await openBus();
      await Promise.all([bus.publish(stuck, [record('k', '1')]), bus.publish(free, [record('k', '1')])]);
      await cluster.pause('kafka-3');
      try {
        let isStuck = true;
        const waiting = bus.publish(stuck, [record('k', '2')]).finally(() => (isStuck = false));
        waiting.catch(() => undefined);

        await bus.publish(free, [record('k', '2')]);

        expect(isStuck).toBe(true);
        await cluster.continue('kafka-3');
        await waiting.catch(() => undefined);
      } finally {
        await cluster.continue('kafka-3');
      }
      await eventually(() => bus.publish(stuck, [record('k', '3')]));
      expect(await ends(free)).toEqual([2]);
      await bus.close();
      await deleteTopics(stuck, free);
      await cluster.inSync();
    }, 120_000);

    it('makes no topic while a broker is away, and then one with three replicas, of which two must be in sync', async () => {
      const topic = `topic-${randomUUID()}`;
      const bus = await openBus();
      await cluster.kill('kafka-3');
      try {
        await eventually(async () => {
          const { brokers } = await cluster.withAdmin((admin) => admin.describeCluster());
          expect(brokers).toHaveLength(2);
        });
        const refused = { code: 'too-few-brokers', message: expect.stringContaining('with 3 replicas') };
        await eventually(() => expect(bus.createTopics([topic])).rejects.toMatchObject(refused));
        expect(await bus.describeTopics([topic])).toEqual([]);
      } finally {
        await cluster.start();
      }
      await eventually(() => bus.createTopics([topic]));
      expect(await bus.describeTopics([topic])).toMatchObject([
        { replicationFactor: 3, settings: { 'min.insync.replicas': '2' } },
      ]);
      await bus.close();
      await cluster.inSync();
    }, 120_000);
  });

  describe('two services lose nothing', () => {
    let accounts: RunningProcess;
    let orders: RunningProcess;

    beforeAll(async () => {
      const settings = {
        KAFKA_BOOTSTRAP_SERVERS: cluster.kafka,
        MONGODB_URI: cluster.mongodb,
        KAFKA_SESSION_TIMEOUT_MS: '6000',
        KAFKA_TOPIC_REPLICAS: '3',
      };
      const start = (module: string) => {
        const running = serve(settings, module).lasts();
        return eventually(() => running.ready(), { within: 90_000 });
      };
      [accounts, orders] = await Promise.all([start('accounts'), start('orders')]);
    }, 180_000);

    /** Few clients that take their time: what they do is read back afterwards. */
    async function underLoad(fault: (load: Load) => Promise<void>): Promise<void> {
      const load = new Load({ accounts: [accounts.url], orders: [orders.url] }, 4, async (...request) => {
        await sleep(20);
        return call(...request);
      });
      await load.acknowledges(50);
      await fault(load);
      await load.acknowledges(100);
      await load.stop();
      await expectNothingLost(load, cluster, accounts, orders);
    }

    it('while one broker after the other is restarted', async () => {
      await underLoad(async () => {
        for (const broker of BROKERS) {
          await cluster.restart(broker);
          await cluster.inSync();
        }
      });
    }, 300_000);

    it('while the leaders of all partitions move', async () => {
      await underLoad(async (load) => {
        for (const topic of TOPICS) {
          await cluster.moveLeaders(topic);
          await load.acknowledges(20);
        }
      });
      await cluster.inSync();
    }, 300_000);

    it('while two of three brokers are away', async () => {
      await underLoad(async (load) => {
        await Promise.all([cluster.kill('kafka-2'), cluster.kill('kafka-3')]);
        await load.acknowledges(50);
        await cluster.start();
        await cluster.inSync();
      });
    }, 300_000);

    it('while the primary is killed, and then the next one stalls', async () => {
      await underLoad(async (load) => {
        await cluster.kill(await cluster.primary());
        await load.acknowledges(50);
        await cluster.start();
        const stalled = await cluster.primary();
        await cluster.pause(stalled);
        try {
          await load.acknowledges(50);
        } finally {
          await cluster.continue(stalled);
        }
      });
    }, 300_000);
  });
});
