import kafkajs, { type Admin } from 'kafkajs';
import { KafkaBus } from '../../src/platform/kafka/bus.js';
import type { Bus, BusRecord, LoggedRecord } from '../../src/platform/log/bus.js';
import { settingsOf } from '../../src/platform/log/topics.js';
import { eventually } from '../../src/platform/testing/eventually.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import { readTopics } from './read-log.js';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;

/** Kafka's topics, from outside. */
export class LogAccess {
  private constructor(
    readonly admin: Admin,
    private readonly bus: Bus,
  ) {}

  static async open(brokers: string): Promise<LogAccess> {
    const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const client = { clientId: 'test', brokers: [brokers] };
    const settings = { client, compression: 'none', partitions: 6, sessionTimeout: 6_000 } as const;
    return new LogAccess(admin, await KafkaBus.open(settings, silentLogger));
  }

  /** The topics of the contexts. */
  async topics(): Promise<string[]> {
    return (await this.admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  }

  /** Everything that these topics hold now, each partition in its order. */
  read(...topics: string[]): Promise<LoggedRecord[]> {
    return readTopics(this.bus, topics);
  }

  /** The records of one key, in order. */
  async readOf(topic: string, key: string): Promise<LoggedRecord[]> {
    return (await this.read(topic)).filter((record) => String(record.key) === key);
  }

  publish(topic: string, ...records: BusRecord[]): Promise<void> {
    return this.bus.publish(topic, records);
  }

  /** Changes settings of a topic; the others are as when it was made. */
  async set(topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const entries = Object.entries({ ...settingsOf(topic), ...settings });
    const configEntries = entries.map(([name, value]) => ({ name, value }));
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    await this.admin.alterConfigs({ validateOnly: false, resources });
  }

  /** Has Kafka look several times a second for something to compact, and not every 15 seconds. */
  async cleanOften(): Promise<void> {
    const configEntries = [{ name: 'log.cleaner.backoff.ms', value: '200' }];
    const { brokers } = await this.admin.describeCluster();
    const resources = brokers.map(({ nodeId }) => ({
      ...{ type: ConfigResourceTypes.BROKER, name: String(nodeId), configEntries },
    }));
    await this.admin.alterConfigs({ validateOnly: false, resources });
  }

  /** Has Kafka refuse whatever is published to a topic; readers go on. */
  async block(topic: string): Promise<void> {
    const setting = 'max.message.bytes';
    await this.set(topic, { [setting]: '1' });
    await eventually(async () => {
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [setting] }];
      const { resources: described } = await this.admin.describeConfigs({ includeSynonyms: false, resources });
      const [value] = described.flatMap(({ configEntries }) => configEntries.map(({ configValue }) => configValue));
      if (value !== '1') throw new Error(`${topic} is not blocked yet`);
    });
  }

  async unblock(topic: string): Promise<void> {
    await this.set(topic, {});
  }

  async create(...topics: string[]): Promise<void> {
    const toCreate = topics.map((topic) => {
      const configEntries = Object.entries(settingsOf(topic)).map(([name, value]) => ({ name, value }));
      return { topic, numPartitions: 6, replicationFactor: 1, configEntries };
    });
    await this.admin.createTopics({ topics: toCreate });
  }

  /** Deletes a topic, and makes it again with these records only. */
  async replace(topic: string, records: readonly BusRecord[]): Promise<void> {
    await this.admin.deleteTopics({ topics: [topic] });
    await eventually(async () => {
      await this.create(topic);
      if (!(await this.admin.listTopics()).includes(topic)) throw new Error(`${topic} is not there yet`);
    });
    if (records.length > 0) await this.publish(topic, ...records);
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.disconnect(), this.bus.close()]);
  }
}
