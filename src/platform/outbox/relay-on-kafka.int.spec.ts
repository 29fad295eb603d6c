import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { eventually } from '../testing/eventually.js';
import { unpublishedOf } from '../testing/item-stores.js';
import { changed, created, type Item, itemEvents, type ItemChange } from '../testing/items.js';
import { describeWithRealServers, realServers } from '../testing/real-servers.js';
import { silentLogger } from '../testing/silent-logger.js';
import { EmbeddedAggregates } from '../embedded/aggregates.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { KafkaBus } from '../kafka/bus.js';
import { Relay } from './relay.js';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;

describeWithRealServers('a relay to a topic of Kafka that takes less than before', () => {
  let topic: string;
  let admin: Admin;
  let bus: KafkaBus;
  let database: EmbeddedDatabase;
  let store: EmbeddedAggregates<Item, ItemChange>;
  let relay: Relay;

  beforeEach(async () => {
    topic = `topic-${randomUUID()}`;
    const client = { clientId: 'relay-test', brokers: [realServers().kafka] };
    admin = new Kafka({ ...client, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    // Uncompressed, so that padding makes an event large.
    const settings = { client, compression: 'none', partitions: 1, sessionTimeout: 6_000 } as const;
    bus = await KafkaBus.open(settings, silentLogger);
    await bus.createTopics([topic]);
    database = await openEmbeddedDatabase('memory');
    store = new EmbeddedAggregates(database.level, 'items', { ...itemEvents, topic });
    relay = new Relay(store, bus, silentLogger, { retryAfter: 500, sweepEvery: 50, sweepAfter: 0 });
  });

  afterEach(async () => {
    await relay.stop(0);
    await bus.close();
    await admin.disconnect();
    await database.close();
  });

  async function setLimit(bytes: number): Promise<void> {
    const configEntries = [{ name: 'max.message.bytes', value: `${bytes}` }];
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    });
    await eventually(async () => {
      const [described] = await bus.describeTopics([topic]);
      expect(described?.settings['max.message.bytes']).toBe(`${bytes}`);
    });
  }

  async function change(id: string, name: string): Promise<void> {
    const before = (await store.find(id))!;
    await store.save(before, changed(before.state, name));
  }

  const waits = async () =>
    (await unpublishedOf(store)).map(({ id, pending }) => [id, ...pending.map(({ version }) => version)]);

  it('sets aside what it refuses and refuses the like at the command, until it takes more again', async () => {
    for (const id of ['a', 'b', 'c']) await store.save(undefined, created(id));
    await change('b', 'x'.repeat(30_000));
    await change('b', 'after it');
    await setLimit(20_000);
    relay.start();

    await eventually(async () => expect(await waits()).toEqual([['b', 2, 3]]));
    expect(relay.setAside).toMatchObject([{ id: 'b', version: 2 }]);
    await eventually(() => expect(change('a', 'x'.repeat(30_000))).rejects.toMatchObject({ kind: 'too-large' }));
    await change('c', 'goes on');
    await eventually(async () => expect(await waits()).toEqual([['b', 2, 3]]));

    await setLimit(1_048_588);
    await eventually(async () => expect(await waits()).toEqual([]));
    await eventually(() => expect(relay.setAside).toEqual([]));
    const versions: Record<string, string[]> = {};
    const reading = await bus.read([topic], (records) => {
      for (const { key, value } of records) {
        const { sequence } = JSON.parse(String(value)) as { sequence: string };
        (versions[String(key)] ??= []).push(sequence);
      }
      return Promise.resolve();
    });
    await reading.caughtUp();
    await reading.stop();
    expect([...new Set(versions.b)]).toEqual(['1', '2', '3']);
    expect([...new Set(versions.c)]).toEqual(['1', '2']);
  });
});
