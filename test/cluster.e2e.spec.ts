import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KafkaBus } from '../src/platform/kafka/kafka-bus.js';
import { describeWithCluster } from './support/cluster.js';
import { eventually } from './support/eventually.js';
import { record } from './support/recorder.js';
import { silentLogger } from './support/silent-logger.js';

describeWithCluster('on three brokers and three members', 'e2e-cluster', (cluster) => {
  function openBus(): Promise<KafkaBus> {
    const client = { clientId: 'cluster-test', brokers: cluster.kafka.split(',') };
    return KafkaBus.open({ client, partitions: 6, sessionTimeout: 6_000 }, silentLogger);
  }

  /** How many records each partition holds. */
  async function ends(topic: string): Promise<number[]> {
    const offsets = await eventually(() => cluster.admin.fetchTopicOffsets(topic));
    return offsets.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
  }

  describe('publishing', () => {
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
      }
    });
  });
});
