import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { PositionKeeper } from '../consuming/position-keeper.js';
import { EmbeddedPositions } from '../embedded/positions.js';
import { deleteGeneration, switchBack } from '../generations/change-generation.js';
import { aRoundOf, keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { GenerationsWorld, roundOf } from '../testing/generations-world.js';
import { describeWithEachClient } from '../testing/record-clients.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';

describeWithEachClient('the generations of a topic in Kafka, and their consumers', (recordClient) => {
  let world: GenerationsWorld;
  let topic: string;

  beforeEach(() => {
    world = new GenerationsWorld(recordClient);
    ({ topic } = world);
  });

  afterEach(() => world.close());

  it('are consumed one after the other: the former one to its end, then the new one after its copies', async () => {
    const [bus, consuming] = [await world.openBus(), await world.openBus()];
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
      await eventually(() => expect([...recorder.values].sort()).toEqual(roundOf('1')));
      await world.copy(bus, 3);
      await bus.publish(topic, aRoundOf('2'));
      expect([...recorder.values].sort()).toEqual(roundOf('1'));

      hasReached = true;

      await eventually(() => expect([...recorder.values].sort()).toEqual([...roundOf('1'), ...roundOf('2')].sort()));
      expect(recorder.values.slice(keys.length).sort()).toEqual(roundOf('2'));
      expect(consumer.health()).toEqual({ up: true });
    } finally {
      await consumer.stop();
    }
  });

  it.each([
    ['before it was consumed', () => Promise.resolve(false)],
    ['while the group asks its database whether it has consumed it', (ending: Promise<boolean>) => ending],
  ])('are consumed from the first record, if a former one is deleted %s', async (_, hasReached) => {
    let isAsked = false;
    let end!: (hasReached: boolean) => void;
    const ending = new Promise<boolean>((resolve) => (end = resolve));
    const [bus, consuming] = [await world.openBus(), await world.openBus()];
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    const recorder = new Recorder();
    const consumer = await consuming.consume(
      randomUUID(),
      new Map([[topic, recorder.handler()]]),
      () => Promise.resolve(0),
      () => {
        isAsked = true;
        return hasReached(ending);
      },
    );
    try {
      await eventually(() => expect(recorder.values.length).toBeGreaterThanOrEqual(keys.length));
      await world.copy(bus, 3);
      await bus.publish(topic, aRoundOf('2'));
      await eventually(() => expect(isAsked).toBe(true));

      await deleteGeneration(bus.generations, topic, 1, randomUUID());

      await eventually(() => expect(new Set(recorder.values)).toEqual(new Set([...roundOf('1'), ...roundOf('2')])), {
        within: 40_000,
      });
      await eventually(() => expect(consumer.health()).toEqual({ up: true }));
    } finally {
      end(false);
      await consumer.stop();
    }
  });

  it('are consumed to and fro, although most partitions got no event between two switches', async () => {
    const [bus, consuming] = [await world.openBus(), await world.openBus()];
    await bus.createTopics([topic]);
    await bus.publish(topic, aRoundOf('1'));
    const [group, recorder] = [randomUUID(), new Recorder()];
    const { level } = await world.openScratch();
    const keeper = new PositionKeeper({
      ...{ group, positions: new EmbeddedPositions(level), ownTopics: new Set<string>() },
      ...{ logger: silentLogger, onRestoration: () => undefined },
    });
    const consumer = await consuming.consume(
      group,
      new Map([[topic, keeper.watch(recorder.handler())]]),
      (...partition) => keeper.startAt(...partition),
      (...ends) => keeper.hasReached(...ends),
    );
    const hears = async (...values: readonly string[]) => {
      await eventually(() => expect(new Set(recorder.values)).toEqual(new Set([...roundOf('1'), ...values])), {
        within: 20_000,
      });
    };
    try {
      await hears();
      await world.copy(bus, 3);
      await bus.publish(topic, [record('key-1', 'second')]);
      await hears('second');
      await switchBack({ ...(await world.options(bus)), to: 1 });
      await bus.publish(topic, [record('key-1', 'third')]);
      await hears('second', 'third');
      await switchBack({ ...(await world.options(bus)), to: 2 });
      await bus.publish(topic, [record('key-2', 'fourth')]);
      await hears('second', 'third', 'fourth');
      expect(consumer.health()).toEqual({ up: true });
    } finally {
      await consumer.stop();
    }
  });
});
