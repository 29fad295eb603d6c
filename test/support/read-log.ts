import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import type { Bus, LoggedRecord } from '../../src/platform/log/bus.js';
import { registerCodecs } from '../../src/platform/kafka/compression.js';
import { EmbeddedBus } from '../../src/platform/embedded/bus.js';
import { openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import { eventually } from '../../src/platform/testing/eventually.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import { KEYS } from './open-records.js';

export const TOPICS = ['accounts.customer.change', 'orders.order.change'] as const;

const { Kafka, logLevel } = kafkajs;

/** The topics of events, and the one of the keys that open them. */
export const WITH_KEYS = [...TOPICS, KEYS] as const;

/** Everything that the topics hold now, each partition in its order. @param names the topics' names in Kafka */
export async function readKafka(brokers: string, names: readonly string[] = TOPICS): Promise<LoggedRecord[]> {
  await registerCodecs();
  const kafka = new Kafka({ clientId: 'test', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const groupId = `test-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  await Promise.all([admin.connect(), consumer.connect()]);
  try {
    const missing = new Set<string>();
    for (const topic of names) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        if (high !== low) missing.add(`${topic}-${partition}-${Number(high) - 1}`);
      }
    }
    const records: LoggedRecord[] = [];
    await consumer.subscribe({ topics: [...names], fromBeginning: true });
    await consumer.run({
      eachMessage: ({ topic, partition, message: { offset, key, value, headers = {} } }) => {
        const texts = Object.entries(headers).map(([name, header]) => [name, String(header)]);
        const place = { topic, partition, offset: Number(offset) };
        records.push({ ...place, key, value, headers: Object.fromEntries(texts) });
        missing.delete(`${topic}-${partition}-${offset}`);
        return Promise.resolve();
      },
    });
    await eventually(() => {
      if (missing.size > 0) throw new Error(`not read yet: ${[...missing].join(', ')}`);
    });
    return records;
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

/** Everything that these topics hold now, each partition in its order. */
export async function readTopics(bus: Pick<Bus, 'read'>, topics: readonly string[]): Promise<LoggedRecord[]> {
  const records: LoggedRecord[] = [];
  const reading = await bus.read(topics, (some) => {
    records.push(...some);
    return Promise.resolve();
  });
  await reading.caughtUp().finally(() => reading.stop());
  return records;
}

/** What the embedded log in a DATA_DIR holds, each partition in its order; no process may have it open. */
export async function readEmbeddedLog(directory: string, topics: readonly string[] = TOPICS): Promise<LoggedRecord[]> {
  const bus = new EmbeddedBus(await openEmbeddedDatabase(join(directory, 'log')), silentLogger);
  return readTopics(bus, topics).finally(() => bus.close());
}
