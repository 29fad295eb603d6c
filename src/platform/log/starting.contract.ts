import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { aRoundOf, type BusFixture, BusWorld, isOfRound, keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { record, Recorder } from '../testing/recorder.js';
import type { LoggedRecord, StartAt } from './bus.js';

/** A part of the contract of a bus: where a partition starts, and how far it reaches. */
export function startingContract(openFixture: () => Promise<BusFixture>): void {
  let world: BusWorld;

  beforeEach(async () => {
    world = await BusWorld.open(openFixture);
  });

  afterEach(() => world.close());

  async function join(recorder: Recorder, startAt: StartAt) {
    const consumption = await world.bus.consume(world.group, new Map([[world.topic, recorder.handler()]]), startAt);
    world.running.push(consumption);
    return consumption;
  }

  /** Publishes records of one key, and returns the partition that they are in. */
  async function publishInOnePartition(...values: string[]): Promise<number> {
    const recorder = new Recorder();
    await world.bus.publish(
      world.topic,
      values.map((value) => record('k', value)),
    );
    const member = await world.join(recorder.handler(), { group: `group-${randomUUID()}` });
    await eventually(() => expect(recorder.records).toHaveLength(values.length));
    await world.leave(member);
    return (recorder.records[0] as LoggedRecord).partition;
  }

  it('starts a partition where it is told, whatever the group has done before', async () => {
    await publishInOnePartition('a', 'b', 'c');
    const [before, after] = [new Recorder(), new Recorder()];
    const member = await world.join(before.handler());
    await eventually(() => expect(before.values).toEqual(['a', 'b', 'c']));
    await world.leave(member);

    await join(after, () => Promise.resolve(1));

    await eventually(() => expect(after.values).toEqual(['b', 'c']));
    await world.bus.publish(world.topic, [record('k', 'd')]);
    await eventually(() => expect(after.values).toEqual(['b', 'c', 'd']));
  });

  it('hands over nothing before it is told where to start, and asks again when that failed', async () => {
    await publishInOnePartition('a', 'b');
    const recorder = new Recorder();
    const failures = new Map<number, number>();

    await join(recorder, (_topic, partition) => {
      const count = (failures.get(partition) ?? 0) + 1;
      failures.set(partition, count);
      return count < 3 ? Promise.reject(new Error('the database is away')) : Promise.resolve(1);
    });

    await eventually(() => expect(recorder.values).toEqual(['b']));
  });

  it('starts at the oldest record where the log ends before the place that it is told', async () => {
    await publishInOnePartition('a', 'b');
    const recorder = new Recorder();

    await join(recorder, () => Promise.resolve(1_000));

    await eventually(() => expect(recorder.values).toEqual(['a', 'b']));
  });

  it('hands over a partition again from an offset on, and then goes on', async () => {
    const partition = await publishInOnePartition('a', 'b', 'c');
    const recorder = new Recorder();
    const consumption = await world.join(recorder.handler());
    await eventually(() => expect(recorder.values).toEqual(['a', 'b', 'c']));

    consumption.restart(world.topic, partition, 1);

    await eventually(() => expect(recorder.values).toEqual(['a', 'b', 'c', 'b', 'c']));
    await world.bus.publish(world.topic, [record('k', 'd')]);
    await eventually(() => expect(recorder.values.at(-1)).toBe('d'));
    expect(recorder.values).toHaveLength(6);
  });

  it('tells how far the partitions of a topic reach, and of no partition where there is no such topic', async () => {
    expect(await world.bus.extents(`topic-${randomUUID()}`)).toEqual([]);
    await world.bus.publish(world.topic, aRoundOf('a'));
    await world.bus.publish(world.topic, aRoundOf('b'));

    const extents = await world.bus.extents(world.topic);

    expect(extents.every(({ first }) => first === 0)).toBe(true);
    expect(extents.reduce((sum, { end }) => sum + end, 0)).toBe(2 * keys.length);
  });

  it('reads the newest records of each partition alone, where so many are asked for', async () => {
    for (const round of ['1', '2', '3']) await world.bus.publish(world.topic, aRoundOf(round));
    const recorder = new Recorder();
    const ends = new Map((await world.bus.extents(world.topic)).map(({ partition, end }) => [partition, end]));

    const reading = await world.bus.read([world.topic], recorder.handler(), { newest: 2 });
    await reading.caughtUp();
    await reading.stop();

    const expected = [...ends].flatMap(([partition, end]) => [`${partition}/${end - 2}`, `${partition}/${end - 1}`]);
    const places = recorder.records.map(({ partition, offset }) => `${partition}/${offset}`);
    expect(places.sort()).toEqual(expected.sort());
    expect(recorder.records.filter(isOfRound('3')).length).toBeGreaterThan(0);
  });
}
