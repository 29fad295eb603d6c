import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { consumerLags } from '../consuming/consumer-lag.js';
import { PositionKeeper } from '../consuming/position-keeper.js';
import { switchBack } from '../generations/change-generation.js';
import type { Bus, BusRecord, RunningConsumer } from '../log/bus.js';
import { keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { GenerationsWorld } from '../testing/generations-world.js';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';

const WITHIN = { within: 30_000 };

/** One event of this age for each key. */
function eventsAged(seconds: number): BusRecord[] {
  const headers = { ce_time: new Date(Date.now() - seconds * 1_000).toISOString() };
  return keys.map((key) => ({ ...record(key, randomUUID()), headers }));
}

describeWithEachClient('consumer lag in Kafka', (recordClient) => {
  let world: GenerationsWorld;
  let topic: string;
  let group: string;
  let keeper: PositionKeeper;
  let mongodb: MongoTestDatabase;

  beforeEach(async () => {
    world = new GenerationsWorld(recordClient);
    ({ topic } = world);
    group = `group-${randomUUID()}`;
    mongodb = mongoTestDatabase();
    const { positions } = await mongodb.open();
    const keeping = { ownTopics: new Set<string>(), logger: silentLogger, onRestoration: () => undefined };
    keeper = new PositionKeeper({ group, positions, ...keeping });
  });

  afterEach(async () => {
    await world.close();
    await mongodb.drop();
  });

  const lagNow = async (bus: Bus) => (await consumerLags(bus, [{ topic, group }])())[0]!;

  const consume = (bus: Bus): Promise<RunningConsumer> =>
    bus.consume(
      group,
      new Map([[topic, keeper.watch(new Recorder().handler())]]),
      (...partition) => keeper.startAt(...partition),
      (...ends) => keeper.hasReached(...ends),
    );

  async function consumeAll(bus: Bus): Promise<void> {
    const consumer = await consume(bus);
    try {
      await eventually(async () => expect(await lagNow(bus)).toMatchObject({ lag: 0, seconds: 0 }), WITHIN);
    } finally {
      await consumer.stop();
      await keeper.save();
    }
  }

  it('is exact while the consumer is stopped, its seconds grow, and both are 0 after it has started again', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, eventsAged(600));
    await consumeAll(bus);
    await bus.publish(topic, eventsAged(60));
    await bus.publish(topic, eventsAged(30));

    const { lag, seconds, partitions = [] } = await lagNow(bus);
    expect(lag).toBe(2 * keys.length);
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(120);
    expect(partitions).toHaveLength(2);
    for (const each of partitions) expect(each).toMatchObject({ next: each.committed, lag: each.end - each.next });
    await eventually(async () => expect((await lagNow(bus)).seconds).toBeGreaterThan(seconds! + 1));

    await consumeAll(bus);
  });

  it('is all that there is for a group that has never consumed', async () => {
    const bus = await world.openBus();
    expect(await lagNow(bus)).toEqual({ topic, group, lag: 0, seconds: 0, partitions: [] });
    await bus.createTopics([topic]);
    await bus.publish(topic, eventsAged(60));

    expect(await lagNow(bus)).toMatchObject({ lag: keys.length, seconds: expect.any(Number) });
  });

  it('includes what is left of a former generation, and no copy', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, eventsAged(600));
    await consumeAll(bus);
    await bus.publish(topic, eventsAged(60));
    await world.copy(bus, 3);
    await bus.publish(topic, eventsAged(30));

    const { lag, seconds, partitions = [] } = await lagNow(bus);
    expect(lag).toBe(2 * keys.length);
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(120);
    expect(partitions.map(({ partition }) => partition).sort()).toEqual([0, 1, 2, 3, 4]);

    await consumeAll(bus);
    await bus.publish(topic, [eventsAged(10)[0]!]);
    expect(await lagNow(bus)).toMatchObject({ lag: 1 });
  }, 60_000);

  it('is exact also after a topic was switched to and fro', async () => {
    const bus = await world.openBus();
    await bus.createTopics([topic]);
    await bus.publish(topic, eventsAged(600));
    await consumeAll(bus);
    await world.copy(bus, 3);
    expect(await lagNow(bus)).toMatchObject({ lag: 0, seconds: 0 });
    await bus.publish(topic, eventsAged(60));
    expect(await lagNow(bus)).toMatchObject({ lag: keys.length });
    await consumeAll(bus);

    await switchBack({ ...(await world.options(bus)), to: 1 });
    expect(await lagNow(bus)).toMatchObject({ lag: 0, seconds: 0 });
    await bus.publish(topic, eventsAged(30));

    expect(await lagNow(bus)).toMatchObject({ lag: keys.length });
    await consumeAll(bus);
  }, 90_000);
});
