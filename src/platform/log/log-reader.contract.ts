import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { aRoundOf, type BusFixture, BusWorld, isOfRound, keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { record, Recorder } from '../testing/recorder.js';

/** A part of the contract of a bus: whole topics, read apart from every consumer group. */
export function logReaderContract(openFixture: () => Promise<BusFixture>): void {
  let world: BusWorld;

  beforeEach(async () => {
    world = await BusWorld.open(openFixture);
  });

  afterEach(() => world.close());

  /** Offsets as each partition gave them. */
  function offsetsByPartition({ records }: Recorder): number[][] {
    const partitions = new Map<string, number[]>();
    for (const { topic, partition, offset } of records) {
      const name = `${topic}-${partition}`;
      partitions.set(name, [...(partitions.get(name) ?? []), offset]);
    }
    return [...partitions.values()];
  }

  it('gives everything from the oldest record on, once, each partition in its order, to the byte', async () => {
    const other = `topic-${randomUUID()}`;
    await world.bus.createTopics([other]);
    const binary = { key: Buffer.from([0, 255]), value: randomBytes(300_000), headers: { h: Buffer.from([128]) } };
    await world.bus.publish(other, [binary, { key: null, value: null, headers: {} }]);
    const rounds = Array.from({ length: 60 }, (_, index) => String(index));
    for (const round of rounds) await world.bus.publish(world.topic, aRoundOf(round));
    const recorder = new Recorder();

    const reading = await world.read(recorder.handler(), [world.topic, other]);
    await reading.caughtUp();

    expect(recorder.records).toHaveLength(rounds.length * keys.length + 2);
    for (const offsets of offsetsByPartition(recorder)) expect(offsets).toEqual(offsets.map((_, index) => index));
    const ofOther = recorder.records.filter(({ topic }) => topic === other);
    expect(ofOther.find(({ key }) => key !== null)).toMatchObject(binary);
    expect(ofOther.find(({ key }) => key === null)).toMatchObject({ key: null, value: null, headers: {} });
  });

  it('has caught up only when all is done that was there at the call, again and again', async () => {
    const recorder = new Recorder();
    const reading = await world.read(recorder.handler(() => sleep(5)));
    await reading.caughtUp();
    expect(recorder.records).toEqual([]);

    for (const round of ['1', '2', '3']) {
      await world.bus.publish(world.topic, aRoundOf(round));
      await reading.caughtUp();
      expect(recorder.records.filter(isOfRound(round))).toHaveLength(keys.length);
    }
    await reading.caughtUp();
    expect(recorder.records).toHaveLength(3 * keys.length);
  });

  it('catches up beside a publisher that goes on, whoever else asks meanwhile', async () => {
    const recorder = new Recorder();
    const reading = await world.read(recorder.handler());
    const stop = new AbortController();
    let published = 0;
    const publisher = (async () => {
      while (!stop.signal.aborted) {
        await world.bus.publish(world.topic, [record(`k${published}`, 'v')]);
        published += 1;
        await nextTurn();
      }
    })();

    async function catchUp(): Promise<void> {
      const before = published;
      await reading.caughtUp();
      expect(recorder.records.length).toBeGreaterThanOrEqual(before);
    }
    await Promise.all(Array.from({ length: 10 }, (_, index) => sleep(20 * index).then(catchUp)));
    stop.abort();
    await publisher;

    await Promise.all([reading.caughtUp(), reading.caughtUp()]);
    expect(recorder.records).toHaveLength(published);
  });

  it('says how far it is', async () => {
    const [started, goOn] = [gate(), gate()];
    await world.bus.publish(world.topic, [record('k', '1'), record('k', '2')]);
    const recorder = new Recorder();
    const reading = await world.read(
      recorder.handler(() => {
        started.open();
        return goOn.opened;
      }),
    );
    expect(reading.progress.total).toBe(2);
    const caughtUp = reading.caughtUp();
    await started.opened;
    expect(reading.progress).toEqual({ read: 0, total: 2 });

    goOn.open();
    await caughtUp;
    expect(reading.progress).toEqual({ read: 2, total: 2 });

    await world.bus.publish(world.topic, aRoundOf('more'));
    expect(reading.progress).toEqual({ read: 2, total: 2 });
    await reading.caughtUp();
    expect(reading.progress).toEqual({ read: 2 + keys.length, total: 2 + keys.length });
  });

  it('ends with what the handler threw, and hands nothing over after it', async () => {
    await world.bus.publish(world.topic, aRoundOf('1'));
    const failure = new Error('it cannot be applied');
    const handed: string[] = [];
    let failed = false;
    const reading = await world.read(async (records) => {
      // Other partitions may be in hand at the same time, but none begins later.
      if (failed) handed.push(...records.map(({ value }) => String(value)));
      failed = true;
      await sleep(1);
      throw failure;
    });
    const alsoWaiting = reading.caughtUp();
    alsoWaiting.catch(() => undefined);

    await expect(reading.caughtUp()).rejects.toBe(failure);
    await expect(alsoWaiting).rejects.toBe(failure);
    const inHand = handed.length;
    expect(inHand).toBeLessThan(keys.length);
    await world.bus.publish(world.topic, aRoundOf('2'));
    await expect(reading.caughtUp()).rejects.toBe(failure);
    expect(reading.progress.read).toBe(0);
    await reading.stop();
    await expect(reading.caughtUp()).rejects.toBe(failure);
    expect(handed).toHaveLength(inHand);
  });

  it('is done with what came before a failure, and not with the record that failed', async () => {
    await world.bus.publish(world.topic, [record('k', 'good')]);
    const recorder = new Recorder();
    const reading = await world.read(
      recorder.handler((records) => {
        if (records.some(({ value }) => String(value) === 'bad')) throw new Error('it cannot be applied');
      }),
    );
    await reading.caughtUp();

    await world.bus.publish(world.topic, [record('k', 'bad'), record('k', 'after')]);

    await expect(reading.caughtUp()).rejects.toThrow('it cannot be applied');
    expect(reading.progress.read).toBe(1);
    expect(recorder.values).toEqual(['good']);
  });

  it('hands nothing over once it was stopped, and does not say that it caught up', async () => {
    const [started, finish] = [gate(), gate()];
    await world.bus.publish(world.topic, [record('k', 'in hand')]);
    const recorder = new Recorder();
    const reading = await world.read(
      recorder.handler(() => {
        started.open();
        return finish.opened;
      }),
    );
    const caughtUp = reading.caughtUp();
    caughtUp.catch(() => undefined);
    await started.opened;
    const handledWhenStopped = reading.stop().then(() => [...recorder.values]);
    await world.bus.publish(world.topic, aRoundOf('later'));
    finish.open();

    expect(await handledWhenStopped).toEqual(['in hand']);
    await expect(caughtUp).rejects.toThrow('the log reader was stopped');
    await expect(reading.caughtUp()).rejects.toThrow('the log reader was stopped');
    await reading.stop();
    expect(recorder.values).toEqual(['in hand']);
  });

  it('moves no position of a consumer group, neither of one that runs nor of one that comes back', async () => {
    const [running, before, after] = [new Recorder(), new Recorder(), new Recorder()];
    const pausing = `${world.group}-pausing`;
    await world.join(running.handler());
    const member = await world.join(before.handler(), { group: pausing });
    await world.bus.publish(world.topic, aRoundOf('1'));
    await eventually(() => expect(before.records).toHaveLength(keys.length));
    await world.leave(member);
    await world.bus.publish(world.topic, aRoundOf('2'));

    const recorder = new Recorder();
    const reading = await world.read(recorder.handler());
    await reading.caughtUp();
    await reading.stop();
    await world.bus.publish(world.topic, aRoundOf('3'));
    await world.join(after.handler(), { group: pausing });

    await eventually(() => expect(running.records).toHaveLength(3 * keys.length));
    await eventually(() => expect(after.records).toHaveLength(2 * keys.length));
    expect(after.records.filter(isOfRound('1'))).toEqual([]);
    expect(recorder.records).toHaveLength(2 * keys.length);
  });

  it('finds nothing in topics that do not exist, and reads them when they do', async () => {
    const late = `topic-${randomUUID()}`;
    const recorder = new Recorder();
    const reading = await world.read(recorder.handler(), [late, world.topic]);
    const nothing = await world.read(recorder.handler(), [`topic-${randomUUID()}`]);
    await nothing.caughtUp();
    await reading.caughtUp();
    expect(reading.progress).toEqual({ read: 0, total: 0 });

    await world.bus.publish(world.topic, [record('k', 'one')]);
    await reading.caughtUp();
    await world.bus.createTopics([late]);
    await eventually(() => world.bus.publish(late, aRoundOf('late')));
    await world.bus.publish(world.topic, [record('k', 'two')]);
    await Promise.all([reading.caughtUp(), reading.caughtUp()]);

    expect(recorder.records.filter(isOfRound('late'))).toHaveLength(keys.length);
    expect(recorder.values.filter((value) => !value.endsWith('late'))).toEqual(['one', 'two']);
    expect(reading.progress).toEqual({ read: 2 + keys.length, total: 2 + keys.length });
  });

  it('leaves nothing out when a topic comes into being while records are in hand', async () => {
    const late = `topic-${randomUUID()}`;
    const values = Array.from({ length: 1_500 }, (_, index) => String(index));
    await world.bus.publish(
      world.topic,
      values.map((value) => record('k', value)),
    );
    const [started, goOn] = [gate(), gate()];
    const recorder = new Recorder();
    const reading = await world.read(
      recorder.handler(() => {
        started.open();
        return goOn.opened;
      }),
      [world.topic, late],
    );
    const first = reading.caughtUp();
    await started.opened;
    await world.bus.createTopics([late]);
    await eventually(() => world.bus.publish(late, [record('k', 'late')]));
    const second = reading.caughtUp();
    // Longer than it takes to ask where the topics end.
    await sleep(300);
    goOn.open();
    await Promise.all([first, second]);

    expect(recorder.values.filter((value) => value !== 'late')).toEqual(values);
    expect(recorder.values).toContain('late');
  });

  it('reads no topics at all', async () => {
    const reading = await world.read(() => Promise.reject(new Error('there is nothing')), []);
    await reading.caughtUp();
    expect(reading.progress).toEqual({ read: 0, total: 0 });
  });

  it('gives everything to each of two readings at once', async () => {
    await world.bus.publish(world.topic, aRoundOf('1'));
    const recorders = [new Recorder(), new Recorder()];
    const both = await Promise.all(recorders.map((recorder) => world.read(recorder.handler())));

    await Promise.all(both.map((reading) => reading.caughtUp()));

    for (const { records } of recorders) expect(records).toHaveLength(keys.length);
  });
}
