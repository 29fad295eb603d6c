import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openEmbeddedDatabase, type EmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedCopyIndex } from '../embedded/copy-index.js';
import { copyToNewGeneration, deleteGeneration, switchBack } from '../generations/change-generation.js';
import { firstGeneration } from '../log/generations.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { aRoundOf, keys } from '../testing/bus-world.js';
import { toChain } from '../testing/cloud-events.js';
import { changed, created, itemEvents } from '../testing/items.js';
import { eventually } from '../testing/eventually.js';
import { describeWithRealServers, realServers } from '../testing/real-servers.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { KafkaBus } from './bus.js';

const SESSION_TIMEOUT_MS = 6_000;

describeWithRealServers('the generations of a topic in Kafka', () => {
  let topic: string;
  let buses: KafkaBus[];
  let scratches: EmbeddedDatabase[];

  beforeEach(() => {
    topic = `topic-${randomUUID()}`;
    [buses, scratches] = [[], []];
  });

  afterEach(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await Promise.all(scratches.map((scratch) => scratch.close()));
  });

  /** The bus of another process. */
  async function openBus(): Promise<KafkaBus> {
    const client = { brokers: [realServers().kafka], retry: { retries: 2, initialRetryTime: 50 } };
    const bus = await KafkaBus.open({ client, partitions: 2, sessionTimeout: SESSION_TIMEOUT_MS }, silentLogger);
    buses.push(bus);
    return bus;
  }

  async function options(bus: KafkaBus) {
    const scratch = await openEmbeddedDatabase('memory');
    scratches.push(scratch);
    const { signal } = new AbortController();
    return { store: bus.generations, topic, run: randomUUID(), index: new EmbeddedCopyIndex(scratch.level), signal };
  }

  const copy = async (bus: KafkaBus, partitions: number) =>
    copyToNewGeneration({ ...(await options(bus)), current: 2, partitions });

  async function valuesIn(bus: KafkaBus): Promise<string[]> {
    const recorder = new Recorder();
    const reader = await bus.read([topic], recorder.handler());
    await reader.caughtUp();
    await reader.stop();
    return recorder.values;
  }

  const round = (name: string) => keys.map((key) => `${key} ${name}`).sort();

  it('have the same records, in the order of each key', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, [...aRoundOf('1'), ...aRoundOf('2')]);

    const { active, manifest } = await copy(bus, 5);

    expect(active).toMatchObject({ generation: 2, name: `${topic}.g2`, partitions: 5, firstPartition: 2 });
    expect(manifest.body.records + manifest.tail.records).toBe(2 * keys.length);
    const values = await valuesIn(bus);
    expect([...values].sort()).toEqual([...round('1'), ...round('2')].sort());
    for (const key of keys) {
      expect(values.filter((value) => value.startsWith(`${key} `))).toEqual([`${key} 1`, `${key} 2`]);
    }
  });

  it('are counted on in their partitions, and a former one counts as empty', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await copy(bus, 5);

    const extents = await bus.extents(topic);

    expect(extents.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const former = extents.filter(({ isFormer }) => isFormer);
    expect(former.map(({ partition }) => partition)).toEqual([0, 1]);
    expect(former.reduce((sum, { end }) => sum + end, 0)).toBe(keys.length);
    expect(former.every(({ first, end }) => first === end)).toBe(true);
    expect(await bus.countPartitions([topic])).toEqual(new Map([[`${topic}.g2`, 5]]));
  });

  it('are switched also for a process that has not noticed: the broker refuses its records', async () => {
    const [bus, unaware] = [await openBus(), await openBus()];
    await bus.createTopics([topic]);
    await unaware.publish(topic, aRoundOf('1'));
    const reader = await unaware.read([topic], () => Promise.resolve());
    await reader.caughtUp();
    await copy(bus, 3);

    await unaware.publish(topic, aRoundOf('2'));

    const values = await valuesIn(bus);
    expect([...values].sort()).toEqual([...round('1'), ...round('2')].sort());
    await expect(reader.caughtUp()).rejects.toMatchObject({ code: 'generation-switched' });
    await reader.stop();
  });

  it('make a publish wait while none is active, and go on when the switch is undone', async () => {
    const bus = await openBus();
    const writer = await openBus();
    await bus.createTopics([topic]);
    await writer.publish(topic, aRoundOf('1'));
    const { store } = await options(bus);
    const stated = { ...firstGeneration(topic, 2), revision: 1, switchingTo: 1 };
    await store.write(stated);
    await store.read(topic);
    await store.fence(stated.generations[0]!);

    const published = writer.publish(topic, aRoundOf('2'));
    await store.lift(stated.generations[0]!);
    await store.write({ ...firstGeneration(topic, 2), revision: 2 });

    await published.catch(() => writer.publish(topic, aRoundOf('2')));
    expect(new Set(await valuesIn(bus))).toEqual(new Set([...round('1'), ...round('2')]));
  });

  it('still refuse a record that is too large for the active one', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await copy(bus, 3);

    await expect(bus.publish(topic, [record('key-1', 'x'.repeat(2_000_000))])).rejects.toMatchObject({
      code: 'record-too-large',
    });
  });

  it('are consumed one after the other: the former one to its end, then the new one after its copies', async () => {
    const [bus, consuming] = [await openBus(), await openBus()];
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    const recorder = new Recorder();
    let hasReached = false;
    const consumer = await consuming.consume(
      randomUUID(),
      new Map([[topic, recorder.handler()]]),
      (_, __, continues) => Promise.resolve(continues?.at ?? 0),
      () => Promise.resolve(hasReached),
    );
    try {
      await eventually(() => expect([...recorder.values].sort()).toEqual(round('1')));
      await copy(bus, 3);
      await bus.publish(topic, aRoundOf('2'));
      expect([...recorder.values].sort()).toEqual(round('1'));

      hasReached = true;

      await eventually(() => expect([...recorder.values].sort()).toEqual([...round('1'), ...round('2')].sort()));
      expect(recorder.values.slice(keys.length).sort()).toEqual(round('2'));
      expect(consumer.health()).toEqual({ up: true });
    } finally {
      await consumer.stop();
    }
  });

  it('are consumed from the first record, if a former one is deleted before it was consumed', async () => {
    const [bus, consuming] = [await openBus(), await openBus()];
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    const recorder = new Recorder();
    const consumer = await consuming.consume(
      randomUUID(),
      new Map([[topic, recorder.handler()]]),
      () => Promise.resolve(0),
      () => Promise.resolve(false),
    );
    try {
      await eventually(() => expect(recorder.values.length).toBeGreaterThanOrEqual(keys.length));
      await copy(bus, 3);
      await bus.publish(topic, aRoundOf('2'));

      await deleteGeneration(bus.generations, topic, 1, randomUUID());

      await eventually(() => expect(new Set(recorder.values)).toEqual(new Set([...round('1'), ...round('2')])), {
        within: 40_000,
      });
      await eventually(() => expect(consumer.health()).toEqual({ up: true }));
    } finally {
      await consumer.stop();
    }
  });

  it('are switched back with what was published since, until the former one is deleted', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await copy(bus, 3);
    await bus.publish(topic, aRoundOf('2'));

    const { active } = await switchBack({ ...(await options(bus)), to: 1 });

    expect(active).toMatchObject({ generation: 1, name: topic });
    await bus.publish(topic, aRoundOf('3'));
    expect([...(await valuesIn(bus))].sort()).toEqual([...round('1'), ...round('2'), ...round('3')].sort());
    await deleteGeneration(bus.generations, topic, 2, randomUUID());
    await expect(switchBack({ ...(await options(bus)), to: 2 })).rejects.toMatchObject({ code: 'not-former' });
    await expect(deleteGeneration(bus.generations, topic, 1, randomUUID())).rejects.toMatchObject({
      code: 'generation-active',
    });
  });

  it('stay as they are if a process that was unaware of the first switch publishes during the way back', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    await copy(bus, 3);
    const { store } = await options(bus);
    const [first] = (await store.read(topic))!.generations;
    await store.lift(first!);
    await store.append(first!, aRoundOf('2'));

    await expect(switchBack({ ...(await options(bus)), to: 1 })).rejects.toMatchObject({ code: 'generations-differ' });

    expect(await store.read(topic)).toMatchObject({ active: 2 });
    await bus.publish(topic, aRoundOf('3'));
    expect([...(await valuesIn(bus))].sort()).toEqual([...round('1'), ...round('2'), ...round('3')].sort());
    await expect(store.append(first!, aRoundOf('4'))).rejects.toMatchObject({ code: 'record-too-large' });
  });

  it('have one chain, even if an event was published to both', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    const first = created('a');
    const changes = [first, changed(first.state, 'b'), changed(changed(first.state, 'b').state, 'c')];
    const records = toChain(itemEvents, changes).map((event) => record('a', JSON.stringify(event)));
    await bus.publish(topic, records.slice(0, 1));
    await copy(bus, 3);
    await bus.publish(topic, records.slice(1, 2));
    await switchBack({ ...(await options(bus)), to: 1 });
    await bus.publish(topic, records.slice(1));

    await switchBack({ ...(await options(bus)), to: 2 });

    const copies = (await valuesIn(bus)).map((value) => JSON.parse(value) as CloudEvent);
    expect(copies.map(({ sequence }) => sequence)).toEqual(['1', '2', '2', '3']);
    expect(copies[3]?.prevhash).toBe(copies[1]?.hash);
  });

  it('may differ in the data of events that a hook transforms, if it can undo that', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    const changes = [created('a'), changed(created('a').state, 'another name')];
    const events = toChain(itemEvents, changes);
    await bus.publish(
      topic,
      events.map((event) => record('a', JSON.stringify(event))),
    );
    const wrap = (event: CloudEvent) => Promise.resolve({ ...event, data: { wrapped: event.data } });
    const unwrap = (event: CloudEvent) =>
      Promise.resolve({ ...event, data: (event.data as { wrapped: object }).wrapped });
    const request = { ...(await options(bus)), current: 2, partitions: 3 };

    const { manifest } = await copyToNewGeneration({ ...request, transform: { apply: wrap, undo: unwrap } });

    expect(manifest.body.events + manifest.tail.events).toBe(events.length);
    const copies = (await valuesIn(bus)).map((value) => JSON.parse(value) as CloudEvent);
    expect(copies.map(({ data }) => data)).toEqual(events.map(({ data }) => ({ wrapped: data })));
    expect(copies.map(({ formerhash }) => formerhash)).toEqual(events.map(({ hash }) => hash));
    expect(copies[1]?.prevhash).toBe(copies[0]?.hash);
  });

  it('differ if the new one has a record that is no copy, and then nothing is switched', async () => {
    const bus = await openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    const { store } = await options(bus);
    const [first] = firstGeneration(topic, 2).generations;
    await store.create({ ...first!, generation: 2, name: `${topic}.g2`, partitions: 3 }, first!);
    await store.append({ ...first!, name: `${topic}.g2` }, [record('key-1', 'published by mistake')]);

    await expect(copy(bus, 3)).rejects.toMatchObject({ code: 'generations-differ' });

    await bus.publish(topic, aRoundOf('2'));
    expect([...(await valuesIn(bus))].sort()).toEqual([...round('1'), ...round('2')].sort());
  });
});
