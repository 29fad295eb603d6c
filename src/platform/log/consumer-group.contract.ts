import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { aRoundOf, type BusFixture, BusWorld, isOfRound, keys } from '../testing/bus-world.js';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { record, Recorder } from '../testing/recorder.js';
import { recordsBehind } from './bus.js';

const lagOf = async (world: BusWorld, group = world.group) =>
  recordsBehind(await world.bus.consumerLag(group, world.topic));

/** A part of the contract of a bus: members of a group, what is done and what comes again. */
export function consumerGroupContract(openFixture: () => Promise<BusFixture>): void {
  let world: BusWorld;

  beforeEach(async () => {
    world = await BusWorld.open(openFixture);
  });

  afterEach(() => world.close());

  it('shares the partitions between two members, and leaves no record out', async () => {
    const members = [new Recorder(), new Recorder()];
    for (const member of members) await world.join(member.handler());
    const handled = (value: string) => members.map(({ records }) => records.filter(isOfRound(value)));

    let round = 0;
    await eventually(async () => {
      round += 1;
      await world.bus.publish(world.topic, aRoundOf(`${round}!`));
      await eventually(() => {
        const seen = handled(`${round}!`).flat();
        expect(new Set(seen.map(({ key }) => String(key))).size).toBe(keys.length);
      });
      for (const records of handled(`${round}!`)) expect(records).not.toHaveLength(0);
    });

    const all = new Set(members.flatMap(({ values }) => values));
    const expected = Array.from({ length: round }, (_, index) => aRoundOf(`${index + 1}!`)).flat();
    expect([...all].sort()).toEqual(expected.map(({ value }) => String(value)).sort());
  });

  it('says which partitions each member has', async () => {
    const members = [await world.join(new Recorder().handler()), await world.join(new Recorder().handler())];
    await world.bus.publish(world.topic, aRoundOf('any'));
    const partitions = (await world.bus.extents(world.topic)).map(({ partition }) => partition);

    await eventually(() => {
      const shares = members.map((member) => member.assignment().get(world.topic) ?? []);
      for (const share of shares) expect(share).not.toHaveLength(0);
      expect(shares.flat().sort((one, other) => one - other)).toEqual(
        [...partitions].sort((one, other) => one - other),
      );
    });

    const [leaving, staying] = members;
    await world.leave(leaving!);
    await eventually(() => expect(staying!.assignment().get(world.topic)).toHaveLength(partitions.length));
  });

  it('gives a member that leaves no more records, and the others all of them', async () => {
    const [leaving, staying] = [new Recorder(), new Recorder()];
    const consumption = await world.join(leaving.handler());
    await world.join(staying.handler());
    await world.leave(consumption);
    const known = leaving.records.length;

    await world.bus.publish(world.topic, aRoundOf('afterwards'));

    await eventually(() => expect(staying.values.filter((value) => value.endsWith('afterwards'))).toHaveLength(24));
    expect(leaving.records).toHaveLength(known);
  });

  it('gives again what a member had in hand when its process died', async () => {
    const [started, buried] = [gate(), gate()];
    await world.join(() => {
      started.open();
      return buried.opened;
    });
    await world.bus.publish(world.topic, [record('k', 'in hand'), record('k', 'waiting')]);
    await started.opened;

    const next = await world.fixture.crash();
    const recorder = new Recorder();
    await world.join(recorder.handler(), { bus: next });

    await eventually(() => expect(recorder.values).toEqual(['in hand', 'waiting']));
    buried.open();
  });

  it('does not give again what was done before a clean stop', async () => {
    const first = new Recorder();
    const member = await world.join(first.handler());
    await world.bus.publish(world.topic, aRoundOf('done'));
    await eventually(() => expect(first.records).toHaveLength(keys.length));
    await world.leave(member);

    await world.bus.publish(world.topic, aRoundOf('new'));
    const second = new Recorder();
    await world.join(second.handler());

    await eventually(() => expect(second.values.filter((value) => value.endsWith('new'))).toHaveLength(keys.length));
    expect(second.values.filter((value) => value.endsWith('done'))).toEqual([]);
  });

  it('finishes the records in hand, and counts them as done, before it has stopped', async () => {
    const [started, finish] = [gate(), gate()];
    const first = new Recorder();
    const member = await world.join(
      first.handler(() => {
        started.open();
        return finish.opened;
      }),
    );
    await world.bus.publish(world.topic, [record('k', 'in hand')]);
    await started.opened;

    const handledWhenStopped = world.leave(member).then(() => [...first.values]);
    await world.bus.publish(world.topic, [record('k', 'later')]);
    finish.open();

    expect(await handledWhenStopped).toEqual(['in hand']);
    const second = new Recorder();
    await world.join(second.handler());
    await eventually(() => expect(second.values).toEqual(['later']));
  });

  it('counts what the group has still to take', async () => {
    const unread = (group = world.group) => lagOf(world, group);
    await world.bus.publish(world.topic, aRoundOf('before'));
    expect([await unread(), await unread('another-group')]).toEqual([24, 24]);

    const member = await world.join(new Recorder().handler());
    await eventually(async () => expect(await unread()).toBe(0));
    await world.leave(member);
    await world.bus.publish(world.topic, [record('k', 'one'), record('k', 'two')]);

    expect([await unread(), await unread('another-group')]).toEqual([2, 26]);
    expect(await world.bus.consumerLag(world.group, `${world.topic}-none`).then(recordsBehind)).toBe(0);
  });

  it('counts what a member has in hand as not taken', async () => {
    const [started, finish] = [gate(), gate()];
    await world.join(() => {
      started.open();
      return finish.opened;
    });
    await world.bus.publish(world.topic, [record('k', 'in hand')]);
    await started.opened;

    expect(await lagOf(world)).toBe(1);
    finish.open();
    await eventually(async () => expect(await lagOf(world)).toBe(0));
  });

  it('goes on with a member that joins an idle log after the last one left', async () => {
    await world.leave(await world.join(new Recorder().handler()));
    await world.bus.publish(world.topic, [record('k', 'one')]);
    // Whatever reads for the group has had its turn by now, and found no member.
    await world.bus.publish(`${world.topic}-other`, []);
    await new Promise((resolve) => setImmediate(resolve));

    const recorder = new Recorder();
    await world.join(recorder.handler());

    await eventually(() => expect(recorder.values).toEqual(['one']));
  });

  it('leaves what a handler keeps failing on to the next member when it stops', async () => {
    const failed = gate();
    const member = await world.join(() => {
      failed.open();
      return Promise.reject(new Error('a dependency is away'));
    });
    await world.bus.publish(world.topic, [record('k', 'one'), record('k', 'two')]);
    await failed.opened;
    await world.leave(member);

    const recorder = new Recorder();
    await world.join(recorder.handler());

    await eventually(() => expect(recorder.values).toEqual(['one', 'two']));
  });

  it('leaves its partition to a handler that takes longer than a session and heartbeats', async () => {
    const members = [new Recorder(), new Recorder()];
    let longest = 0;
    for (const member of members) {
      const handler = member.handler(async ([first], lease) => {
        if (String(first?.key) !== 'long') return;
        const began = performance.now();
        while (performance.now() - began <= 1.5 * world.fixture.session) {
          await sleep(100);
          await lease.heartbeat();
        }
        longest = performance.now() - began;
      });
      await world.join(handler);
    }
    await world.bus.publish(world.topic, [record('long', 'one'), record('long', 'two')]);

    await eventually(async () => expect(await lagOf(world)).toBe(0));
    expect(longest).toBeGreaterThan(world.fixture.session);
    expect(members.flatMap(({ values }) => values)).toEqual(['one', 'two']);
  });

  it('lets others have their share while a handler that heartbeats takes long', async () => {
    const [busy, other] = [new Recorder(), new Recorder()];
    const started = gate();
    const otherIsServed = new AbortController();
    const untilOtherIsServed = busy.handler(async (_records, lease) => {
      started.open();
      while (!otherIsServed.signal.aborted) {
        await sleep(50);
        await lease.heartbeat();
      }
    });
    await world.join(untilOtherIsServed);
    await world.bus.publish(world.topic, aRoundOf('first'));
    await started.opened;

    await world.join(
      other.handler(() => {
        otherIsServed.abort();
      }),
    );
    await world.bus.publish(world.topic, aRoundOf('second'));

    await eventually(() => {
      const handled = new Set([busy, other].flatMap(({ values }) => values));
      expect(handled.size).toBe(2 * keys.length);
    });
    expect(other.records).not.toHaveLength(0);
  });

  it('has a handler that heartbeats let go when its member stops, and leaves the records to the next one', async () => {
    const [started, told] = [gate(), gate()];
    const member = await world.join(async (_records, lease) => {
      started.open();
      lease.signal.addEventListener('abort', told.open);
      for (;;) {
        await sleep(20);
        await lease.heartbeat();
      }
    });
    await world.bus.publish(world.topic, [record('k', 'one'), record('k', 'two')]);
    await started.opened;
    await world.leave(member);
    await told.opened;

    const recorder = new Recorder();
    await world.join(recorder.handler());

    await eventually(() => expect(recorder.values).toEqual(['one', 'two']));
  });

  it('gives the same records again, in order, to a handler that threw, while other partitions go on', async () => {
    let failing: number | undefined;
    let healed = false;
    const attempts: string[] = [];
    const recorder = new Recorder();
    await world.join(
      recorder.handler((records) => {
        if (records.some(isOfRound('bad'))) failing ??= records[0]?.partition;
        if (healed || records[0]?.partition !== failing) return;
        attempts.push(String(records[0]?.value));
        throw new Error('a dependency is away');
      }),
    );
    await world.bus.publish(world.topic, [record('bad', '1 bad'), record('bad', '2 bad'), ...aRoundOf('good')]);

    await eventually(() => expect(attempts.length).toBeGreaterThan(2));
    expect(new Set(attempts).size).toBe(1);
    await world.bus.publish(world.topic, aRoundOf('better'));
    await eventually(() => expect(recorder.values.some((value) => value.endsWith('better'))).toBe(true));
    expect(recorder.partitions().has(failing as number)).toBe(false);

    healed = true;
    await eventually(() => expect(recorder.records).toHaveLength(2 + 2 * keys.length));
    const expected = Object.fromEntries(keys.map((key) => [key, [`${key} good`, `${key} better`]]));
    expect(recorder.valuesByKey()).toEqual({ ...expected, bad: ['1 bad', '2 bad'] });
  });
}
