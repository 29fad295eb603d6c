import { expect } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { CloudEvent } from '../../src/platform/event/cloud-event.js';
import { originalOf } from '../../src/platform/event/copied-event.js';
import { canonicalJson } from '../../src/platform/event/hash-chain.js';
import type { LoggedRecord } from '../../src/platform/log/bus.js';
import { eventually } from '../../src/platform/testing/eventually.js';
import type { Databases } from './databases.js';
import { expectOrdersHears, expectOutboxDrains } from './guarantees.js';
import type { Load } from './load.js';
import { KEYS } from './open-records.js';
import { readKafka, TOPICS } from './read-log.js';
import { runCommand } from './run-command.js';
import { expectVerified } from './verified.js';

const { Kafka, logLevel } = kafkajs;
const [CUSTOMERS] = TOPICS;

/** Resolves when everything is published, and in every read model. */
export async function expectSettled(
  databases: Databases,
  load: Load,
  ordersUrl: string,
  ...managementUrls: string[]
): Promise<void> {
  await expectOrdersHears(load, ordersUrl);
  await expectOutboxDrains(...managementUrls);
  for (const [database, aggregates, history] of [
    ['accounts', 'customer.accounts', 'customer.history'],
    ['orders', 'customer.orders', 'order.history'],
  ] as const) {
    await eventually(async () => {
      const versions = { $group: { _id: null, sum: { $sum: '$version' } } };
      const [all] = await databases.collection(database, aggregates).aggregate([versions]).toArray();
      expect(await databases.collection(database, history).countDocuments()).toBe(all?.sum);
    });
  }
}

/** The events of a generation of the customers' topic, as they were first published, those of the orders, and the keys. */
export async function readGeneration(brokers: string, generation: number): Promise<LoggedRecord[]> {
  const name = generation === 1 ? CUSTOMERS : `${CUSTOMERS}.g${generation}`;
  const records = await readKafka(brokers, [name, TOPICS[1], KEYS]);
  return records
    .filter(({ headers }) => !('fence' in headers))
    .map((record) => (record.topic === name ? { ...asPublished(record), topic: CUSTOMERS } : record));
}

function asPublished(record: LoggedRecord): LoggedRecord {
  const { hash, ...original } = originalOf(JSON.parse(String(record.value)) as CloudEvent);
  const { 'copied-from': _, ...headers } = record.headers;
  const value = Buffer.from(`{"hash":"${hash}",${canonicalJson(original).slice(1)}`);
  return { ...record, headers, value };
}

/** So that the next test begins with generation 1. */
export async function deleteAllTopics(brokers: string): Promise<void> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const own = async () => (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  await admin.deleteTopics({ topics: await own() });
  await eventually(async () => expect(await own()).toEqual([]));
  await admin.disconnect();
}

/** A replay yields the same documents; only the places of events are those of the active generation. */
export async function expectReplayEqualsLive(
  databases: Databases,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const before = withoutPlaces(await databases.snapshot());
  for (const module of ['accounts', 'orders']) {
    expect(await runCommand(settings, 'replay', '--module', module)).toMatchObject({ code: 0, stderr: '' });
  }
  expect(withoutPlaces(await databases.snapshot())).toEqual(before);
  await expectVerified(settings);
}

function withoutPlaces(snapshot: Awaited<ReturnType<Databases['snapshot']>>): object {
  const documents = Object.entries(snapshot).map(([name, all]) => {
    const without = Object.entries(all).map(([id, { partition: _p, offset: _o, ...document }]) => [id, document]);
    return [name, name.endsWith('history') ? Object.fromEntries(without) : all];
  });
  return Object.fromEntries(documents) as object;
}
