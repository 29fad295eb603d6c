import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { aRoundOf, type BusFixture, BusWorld, isOfRound, keys } from '../testing/bus-world.js';
import { Recorder } from '../testing/recorder.js';

/** A part of the contract of a bus: topics of which several readers read a part each, or one after the other. */
export function readingPartsContract(openFixture: () => Promise<BusFixture>): void {
  let world: BusWorld;

  beforeEach(async () => {
    world = await BusWorld.open(openFixture);
  });

  afterEach(() => world.close());

  it('reads only the partitions that it is to read, also those that grow', async () => {
    for (const round of ['1', '2']) await world.bus.publish(world.topic, aRoundOf(round));
    const all = (await world.bus.extents(world.topic)).filter(({ end }) => end > 0);
    const chosen = all.slice(0, 2);
    const partitions = new Map([[world.topic, chosen.map(({ partition }) => partition)]]);
    const recorder = new Recorder();
    const reading = await world.read(recorder.handler(), [world.topic], { partitions });
    await reading.caughtUp();
    const before = chosen.reduce((sum, { end }) => sum + end, 0);
    expect(recorder.records).toHaveLength(before);

    for (const round of ['3', '4']) await world.bus.publish(world.topic, aRoundOf(round));
    await reading.caughtUp();
    expect(recorder.records).toHaveLength(2 * before);
    expect(new Set(recorder.records.map(({ partition }) => partition))).toEqual(new Set(partitions.get(world.topic)));
    expect(reading.progress).toEqual({ read: 2 * before, total: 2 * before });
    expect(all.length).toBeGreaterThan(chosen.length);
  });

  it('says where another reader can go on', async () => {
    for (const round of ['1', '2']) await world.bus.publish(world.topic, aRoundOf(round));
    const [first, second] = [new Recorder(), new Recorder()];
    const reading = await world.read(first.handler());
    await reading.caughtUp();
    await reading.stop();
    const reached = reading.positions();
    await world.bus.publish(world.topic, aRoundOf('3'));

    const startAt = (_: string, partition: number) => reached.find((each) => each.partition === partition)?.next ?? 0;
    await (await world.read(second.handler(), [world.topic], { startAt })).caughtUp();

    const ends = new Map((await world.bus.extents(world.topic)).map(({ partition, end }) => [partition, end]));
    expect(first.records).toHaveLength(2 * keys.length);
    expect(second.records.filter((each) => !isOfRound('3')(each))).toEqual([]);
    expect(second.records).toHaveLength(keys.length);
    for (const { partition, next } of reached) expect(next).toBeLessThanOrEqual(ends.get(partition) as number);
  });
}
