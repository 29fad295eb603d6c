import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import { copyToNewGeneration, deleteGeneration, switchBack } from '../generations/change-generation.js';
import type { EventTransform } from '../generations/event-transform.js';
import { firstGeneration } from '../log/generations.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { aRoundOf, keys } from '../testing/bus-world.js';
import { toChain } from '../testing/cloud-events.js';
import { GenerationsWorld, roundOf } from '../testing/generations-world.js';
import { changed, created, itemEvents } from '../testing/items.js';
import { realServers } from '../testing/real-servers.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record } from '../testing/recorder.js';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;

describeWithEachClient('the generations of a topic in Kafka', (recordClient) => {
  let world: GenerationsWorld;
  let topic: string;

  beforeEach(() => {
    world = new GenerationsWorld(recordClient);
    ({ topic } = world);
  });

  afterEach(() => world.close());

  async function ask<T>(request: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = new Kafka({ brokers: [realServers().kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    return request(admin).finally(() => admin.disconnect());
  }

  /** Gives the topic these settings, and no others. */
  const change = (settings: Readonly<Record<string, string>>) =>
    ask(async (admin) => {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
      await admin.alterConfigs({ validateOnly: false, resources });
    });

  /** The settings of a topic that are not those of its broker. */
  const settingsOf = (name: string) =>
    ask(async (admin) => {
      const resources = [{ type: ConfigResourceTypes.TOPIC, name }];
      const described = await admin.describeConfigs({ includeSynonyms: false, resources });
      const own =
        described.resources[0]?.configEntries.filter(({ configSource }) => (configSource as number) === 1) ?? [];
      return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
    });

  it('have the same records, in the order of each key', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, [...aRoundOf('1'), ...aRoundOf('2')]);

    const { active, manifest } = await world.copy(bus, 5);

    expect(active).toMatchObject({ generation: 2, name: `${topic}.g2`, partitions: 5, firstPartition: 2 });
    expect(manifest.body.records + manifest.tail.records).toBe(2 * keys.length);
    const values = await world.valuesIn(bus);
    expect([...values].sort()).toEqual([...roundOf('1'), ...roundOf('2')].sort());
    for (const key of keys) {
      expect(values.filter((value) => value.startsWith(`${key} `))).toEqual([`${key} 1`, `${key} 2`]);
    }
  });

  it('are counted on in their partitions, and a former one counts as empty', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await world.copy(bus, 5);

    const extents = await bus.extents(topic);

    expect(extents.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const former = extents.filter(({ isFormer }) => isFormer);
    expect(former.map(({ partition }) => partition)).toEqual([0, 1]);
    expect(former.reduce((sum, { end }) => sum + end, 0)).toBe(keys.length);
    expect(former.every(({ first, end }) => first === end)).toBe(true);
    expect(await bus.countPartitions([topic])).toEqual(new Map([[`${topic}.g2`, 5]]));
  });

  it('are switched also for a process that has not noticed: the broker refuses its records', async () => {
    const [bus, unaware] = [await world.openBus(), await world.openBus()];
    await bus.createTopics([topic]);
    await unaware.publish(topic, aRoundOf('1'));
    const reader = await unaware.read([topic], () => Promise.resolve());
    await reader.caughtUp();
    await world.copy(bus, 3);

    await unaware.publish(topic, aRoundOf('2'));

    const values = await world.valuesIn(bus);
    expect([...values].sort()).toEqual([...roundOf('1'), ...roundOf('2')].sort());
    await expect(reader.caughtUp()).rejects.toMatchObject({ code: 'generation-switched' });
    await reader.stop();
  });

  it.each<Readonly<Record<string, string>>>([{}, { 'max.message.bytes': '1500000' }])(
    'keep the other settings of their topics while one is ended, and all of them later: %j',
    async (limit) => {
      const bus = await world.openBus();
      await bus.createTopics([topic]);
      const own = {
        ...{ 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
        ...{ 'min.insync.replicas': '1', 'compression.type': 'gzip', 'segment.bytes': '20971520', ...limit },
      };
      await change(own);
      const [first] = firstGeneration(topic, 2).generations;
      const { generations } = bus;
      const maxMessageBytes = await generations.maxMessageBytes(first!);
      await generations.create({ ...first!, name: `${topic}.g2` }, first!, { 'compression.type': 'producer' });
      expect(await settingsOf(`${topic}.g2`)).toEqual({ ...own, 'compression.type': 'producer' });

      await generations.fence(first!);
      expect(await settingsOf(topic)).toEqual({ ...own, 'max.message.bytes': '100' });

      await generations.lift({ ...first!, ...(maxMessageBytes !== undefined && { maxMessageBytes }) });
      expect(await settingsOf(topic)).toEqual(own);
    },
  );

  it('make a publish wait while none is active, and go on when the switch is undone', async () => {
    const bus = await world.openBus();
    const writer = await world.openBus();
    await bus.createTopics([topic]);
    await writer.publish(topic, aRoundOf('1'));
    const { store } = await world.options(bus);
    const stated = { ...firstGeneration(topic, 2), revision: 1, switchingTo: 1 };
    await store.write(stated);
    await store.read(topic);
    await store.fence(stated.generations[0]!);

    const published = writer.publish(topic, aRoundOf('2'));
    await store.lift(stated.generations[0]!);
    await store.write({ ...firstGeneration(topic, 2), revision: 2 });

    await published.catch(() => writer.publish(topic, aRoundOf('2')));
    expect(new Set(await world.valuesIn(bus))).toEqual(new Set([...roundOf('1'), ...roundOf('2')]));
  });

  it('still refuse a record that is too large for the active one', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await world.copy(bus, 3);

    await expect(
      bus.publish(topic, [record('key-1', randomBytes(1_500_000).toString('base64'))]),
    ).rejects.toMatchObject({
      code: 'record-too-large',
    });
  });

  it('are switched back with what was published since, until the former one is deleted', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await world.copy(bus, 3);
    await bus.publish(topic, aRoundOf('2'));

    const { active } = await switchBack({ ...(await world.options(bus)), to: 1 });

    expect(active).toMatchObject({ generation: 1, name: topic });
    await bus.publish(topic, aRoundOf('3'));
    expect([...(await world.valuesIn(bus))].sort()).toEqual([...roundOf('1'), ...roundOf('2'), ...roundOf('3')].sort());
    await deleteGeneration(bus.generations, topic, 2, randomUUID());
    await expect(switchBack({ ...(await world.options(bus)), to: 2 })).rejects.toMatchObject({ code: 'not-former' });
    await expect(deleteGeneration(bus.generations, topic, 1, randomUUID())).rejects.toMatchObject({
      code: 'generation-active',
    });
  });

  it('take events from the moment when their end is taken back', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await world.copy(bus, 3);
    const { store } = await world.options(bus);
    const [first] = (await store.read(topic))!.generations;
    for (let round = 0; round < 5; round += 1) {
      await store.lift(first!);
      await store.append(first!, aRoundOf(String(round)));
      await store.fence(first!);
    }
  });

  it('stay as they are if a process that was unaware of the first switch publishes during the way back', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await world.copy(bus, 3);
    const { store } = await world.options(bus);
    const [first] = (await store.read(topic))!.generations;
    await store.lift(first!);
    await store.append(first!, aRoundOf('2'));

    await expect(switchBack({ ...(await world.options(bus)), to: 1 })).rejects.toMatchObject({
      code: 'generations-differ',
    });

    expect(await store.read(topic)).toMatchObject({ active: 2 });
    await bus.publish(topic, aRoundOf('3'));
    expect([...(await world.valuesIn(bus))].sort()).toEqual([...roundOf('1'), ...roundOf('2'), ...roundOf('3')].sort());
    await expect(store.append(first!, aRoundOf('4'))).rejects.toMatchObject({ code: 'record-too-large' });
  });

  it('have one chain, even if an event was published to both', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    const first = created('a');
    const changes = [first, changed(first.state, 'b'), changed(changed(first.state, 'b').state, 'c')];
    const records = toChain(itemEvents, changes).map((event) => record('a', JSON.stringify(event)));
    await bus.publish(topic, records.slice(0, 1));
    await world.copy(bus, 3);
    await bus.publish(topic, records.slice(1, 2));
    await switchBack({ ...(await world.options(bus)), to: 1 });
    await bus.publish(topic, records.slice(1));

    await switchBack({ ...(await world.options(bus)), to: 2 });

    const copies = (await world.valuesIn(bus)).map((value) => JSON.parse(value) as CloudEvent);
    expect(copies.map(({ sequence }) => sequence)).toEqual(['1', '2', '2', '3']);
    expect(copies[3]?.prevhash).toBe(copies[1]?.hash);
  });

  it('may differ in the data of events that a hook transforms, if the rest is the same', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    const changes = [created('a'), changed(created('a').state, 'another name')];
    const events = toChain(itemEvents, changes);
    await bus.publish(
      topic,
      events.map((event) => record('a', JSON.stringify(event))),
    );
    const unwrapped = ({ data }: CloudEvent) => (data as { readonly wrapped?: object }).wrapped ?? data;
    const transform: EventTransform = {
      apply: (all) => Promise.resolve(all.map((event) => ({ ...event, data: { wrapped: event.data } }))),
      commonOf: unwrapped,
      findWrong: () => Promise.resolve([]),
    };
    const request = { ...(await world.options(bus)), current: 2, partitions: 3 };

    const { manifest } = await copyToNewGeneration({ ...request, transform });

    expect(manifest.body.events + manifest.tail.events).toBe(events.length);
    const copies = (await world.valuesIn(bus)).map((value) => JSON.parse(value) as CloudEvent);
    expect(copies.map(({ data }) => data)).toEqual(events.map(({ data }) => ({ wrapped: data })));
    expect(copies.map(({ formerhash }) => formerhash)).toEqual(events.map(({ hash }) => hash));
    expect(copies[1]?.prevhash).toBe(copies[0]?.hash);
  });

  it('differ if the new one has a record that is no copy, and then nothing is switched', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    const { store } = await world.options(bus);
    const [first] = firstGeneration(topic, 2).generations;
    await store.create({ ...first!, generation: 2, name: `${topic}.g2`, partitions: 3 }, first!);
    await store.append({ ...first!, name: `${topic}.g2` }, [record('key-1', 'published by mistake')]);

    await expect(world.copy(bus, 3)).rejects.toMatchObject({ code: 'generations-differ' });

    await bus.publish(topic, aRoundOf('2'));
    expect([...(await world.valuesIn(bus))].sort()).toEqual([...roundOf('1'), ...roundOf('2')].sort());
  });
});
