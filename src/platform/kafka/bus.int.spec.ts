import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { cuttableNetwork } from '../testing/cuttable-network.js';
import { realServers } from '../testing/real-servers.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { aRoundOf, type BusFixture } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { silentLogger } from '../testing/silent-logger.js';
import { busContract } from '../log/bus.contract.js';
import { KafkaBus, type KafkaSettings } from './bus.js';
import type { RecordClientName } from '../operating/config/kafka-settings.js';
import { createTopics } from './topics.js';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;
/** The minimum that a broker accepts. */
const SESSION_TIMEOUT_MS = 6_000;

describeWithEachClient('on a real Kafka', (recordClient) => {
  const openBus = (settings: Partial<KafkaSettings> = {}) => openBusWith({ recordClient, ...settings });
  busContract('KafkaBus', () => openFixture(recordClient));

  it('creates topics with unlimited retention and the configured partitions', async () => {
    const bus = await openBus();
    const topic = `topic-${randomUUID()}`;
    const admin = new Kafka({ brokers: [realServers().kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      await bus.createTopics([topic]);

      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      expect(topics[0]?.partitions).toHaveLength(6);
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic }];
      const described = await admin.describeConfigs({ resources, includeSynonyms: false });
      const config = new Map(described.resources[0]?.configEntries.map((each) => [each.configName, each.configValue]));
      expect(config.get('cleanup.policy')).toBe('delete');
      expect(config.get('retention.ms')).toBe('-1');
      expect(config.get('retention.bytes')).toBe('-1');
    } finally {
      await admin.disconnect();
      await bus.close();
    }
  });

  it('creates a topic while metadata requests of the same client fail for an unknown topic', async () => {
    const brokers = [realServers().kafka];
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    await admin.connect();
    try {
      const refusals = Array.from({ length: 30 }, async () => {
        await expect(admin.fetchTopicOffsets(`topic-${randomUUID()}`)).rejects.toThrow('does not host');
      });
      await createTopics(admin, [`topic-${randomUUID()}`], { partitions: 1 });
      await Promise.all(refusals);
    } finally {
      await admin.disconnect();
    }
  });

  it('still serves other topics after a topic that it knows was deleted', async () => {
    const bus = await openBus();
    const [deleted, other] = [`topic-${randomUUID()}`, `topic-${randomUUID()}`];
    const admin = new Kafka({ brokers: [realServers().kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      await bus.createTopics([deleted]);
      expect(await bus.extents(deleted)).toHaveLength(6);
      await admin.deleteTopics({ topics: [deleted] });
      await eventually(async () => expect(await bus.extents(deleted)).toEqual([]));

      await eventually(() => bus.createTopics([other]));
      expect(await bus.extents(other)).toHaveLength(6);
    } finally {
      await admin.disconnect();
      await bus.close();
    }
  });

  it('stops publishing to a topic whose partition count has grown', async () => {
    const bus = await openBus();
    const topic = `topic-${randomUUID()}`;
    const admin = new Kafka({ brokers: [realServers().kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      await bus.createTopics([topic]);
      await bus.publish(topic, aRoundOf('1'));
      await admin.createPartitions({ topicPartitions: [{ topic, count: 12 }] });
      await eventually(async () => expect(await bus.countPartitions([topic])).toEqual(new Map([[topic, 12]])));

      const refused = {
        code: 'partitions-changed',
        message: `${topic} has 12 partitions, and was created with 6: events of one key would be in two`,
      };
      await eventually(() => expect(bus.publish(topic, aRoundOf('2'))).rejects.toMatchObject(refused));

      const ends = await admin.fetchTopicOffsets(topic);
      expect(ends.filter(({ partition }) => partition >= 6).map(({ high }) => high)).toEqual(Array(6).fill('0'));
    } finally {
      await admin.disconnect();
      await bus.close();
    }
  });

  it('is down, and fails to publish, when no broker listens', async () => {
    const bus = await openBus({ client: { brokers: ['127.0.0.1:1'], retry: { retries: 0 } } });
    try {
      expect(await bus.check()).toEqual({ up: false, detail: 'Kafka does not answer' });
      await expect(bus.publish('topic', [{ key: null, value: null, headers: {} }])).rejects.toThrow();
    } finally {
      await bus.close();
    }
  });
});

async function openFixture(recordClient: RecordClientName): Promise<BusFixture> {
  const network = cuttableNetwork();
  const first = await openBusWith({ recordClient, client: { brokers: [realServers().kafka], ...network.client } });
  const buses = [first];
  const openAnother = async (): Promise<KafkaBus> => {
    const bus = await openBusWith({ recordClient });
    buses.push(bus);
    return bus;
  };
  return {
    bus: first,
    session: SESSION_TIMEOUT_MS,
    reopen: async () => {
      await first.close();
      return openAnother();
    },
    crash: async () => {
      network.cut();
      return openAnother();
    },
    endCrashedCalls: () => network.mend(),
    dispose: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

function openBusWith(settings: Partial<KafkaSettings> = {}): Promise<KafkaBus> {
  const client = { clientId: 'kafka-bus-test', brokers: [realServers().kafka] };
  return KafkaBus.open({ client, partitions: 6, sessionTimeout: SESSION_TIMEOUT_MS, ...settings }, silentLogger);
}
