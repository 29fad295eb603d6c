import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { pendingOf } from '../testing/item-stores.js';
import { OutboxWorld, SWEEPING } from '../testing/outbox-world.js';
import { RelayQueue } from './relay-queue.js';
import { AggregatesSetAside } from './set-aside.js';
import { Sweeper } from './sweeper.js';
import { instancesOn, type PublishOutcome } from '../testing/relay-world.js';

describe('the relay', () => {
  let world: OutboxWorld;

  beforeEach(async () => {
    world = await OutboxWorld.open();
  });

  afterEach(() => world.close());

  it('finds at once what a crash has left, however young', async () => {
    const justNow = new Date(Date.now() - 1_000).toISOString();
    for (const id of ['a', 'a', 'b']) await world.instance.commit(id, justNow);

    world.start({ sweepEvery: 1_000_000, sweepAfter: 1_000_000 });
    await world.trimmed();

    expect([world.log.firstAppearances('a'), world.log.firstAppearances('b')]).toEqual([[1, 2], [1]]);
  });

  it('finds what another process committed and did not publish', async () => {
    const [living, crashed] = instancesOn(world.store, 2);
    world.start(SWEEPING, undefined, living);
    await crashed!.commit('a');
    await world.trimmed();

    expect(world.log.firstAppearances('a')).toEqual([1]);
  });

  it.each([
    ['ahead', '2099-01-01T00:00:00.000Z'],
    ['behind', '1999-01-01T00:00:00.000Z'],
    ['broken', 'yesterday'],
  ])('finds what a process left whose clock was %s, beside others all the time', async (_, time) => {
    const [living, crashed] = instancesOn(world.store, 2);
    world.start({ sweepEvery: 1, sweepAfter: 20 }, undefined, living);
    await eventually(() => expect(living!.looks).toBeGreaterThan(1));
    await crashed!.commit('a', time);
    await crashed!.commit('a', time);
    await crashed!.commit('b', new Date().toISOString());
    await world.trimmed();

    expect([world.log.firstAppearances('a'), world.log.firstAppearances('b')]).toEqual([[1, 2], [1]]);
  });

  it('leaves what it sees for the first time to the process that committed it', async () => {
    const [living, other] = instancesOn(world.store, 2);
    world.start({ sweepEvery: 1, sweepAfter: 1_000_000 }, undefined, living);
    await eventually(() => expect(living!.looks).toBeGreaterThan(1));
    await other!.commit('a', new Date().toISOString());
    const looks = living!.looks;
    await eventually(() => expect(living!.looks).toBeGreaterThan(looks + 5));

    expect(world.log.records).toEqual([]);
  });

  it('leaves it to that process for as long as it is told at the time', async () => {
    const [living, other] = instancesOn(world.store, 2);
    let patience = 1_000_000;
    const queue = new RelayQueue({ maxQueued: 100, maxQueuedLength: 1e6 });
    const sweeper = new Sweeper(living!, queue, new AggregatesSetAside(1_000), () => patience);
    await sweeper.sweep(false);
    await other!.commit('a', new Date().toISOString());
    for (let sweep = 0; sweep < 3; sweep += 1) expect(await sweeper.sweep(false)).toEqual(new Map());

    patience = 0;
    expect(await sweeper.sweep(false)).toEqual(new Map([['a', 1]]));
  });

  it('publishes with the new event what another process has still pending', async () => {
    const [slow, quick] = instancesOn(world.store, 2);
    await slow!.commit('a');
    world.start({ sweepEvery: 1_000_000, sweepAfter: 1_000_000 }, undefined, quick);
    await quick!.commit('a');
    await world.trimmed();

    expect(world.log.firstAppearances('a')).toEqual([1, 2]);
  });

  it('keeps the order of first appearance beside another relay on the same outbox', async () => {
    const instances = instancesOn(world.store, 2);
    for (const each of instances) world.start(SWEEPING, undefined, each);
    const ids = ['a', 'b', 'c'];
    for (let turn = 0; turn < 30; turn += 1) {
      await Promise.all(ids.map((id, index) => instances[(turn + index) % 2]!.commit(id)));
    }
    await world.trimmed();

    const all = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const id of ids) expect(world.log.firstAppearances(id)).toEqual(all);
  });

  it('publishes again what a sweep finds after it was trimmed, and trims it again', async () => {
    await world.instance.commit('a');
    const pending = await pendingOf(world.store, 'a');
    world.start(SWEEPING);
    await world.trimmed();

    await world.store.adopt([{ id: 'a', pending, commands: [] }]);
    await world.trimmed();

    expect(world.log.events.map(({ sequence }) => sequence)).toEqual(['1', '1']);
  });

  it('does not look again for what it is still publishing', async () => {
    const [living, crashed] = instancesOn(world.store, 2);
    for (const id of ['a', 'b', 'c']) await crashed!.commit(id);
    const held = gate();
    let publishes = 0;
    const countAndHold = (): Promise<PublishOutcome> => {
      publishes += 1;
      return held.opened.then(() => 'ok');
    };
    world.start({ sweepEvery: 0, sweepAfter: 0 }, countAndHold, living);
    await eventually(() => expect(publishes).toBe(1));
    for (let looks = 0; looks < 20; looks += 1) await world.store.backlog();

    expect(living!.looks).toBe(1);
    held.open();
    await world.trimmed();
    expect(world.log.records).toHaveLength(3);
  });

  it.each([
    ['events', { maxQueued: 3 }],
    ['characters', { maxQueuedLength: 1_000 }],
  ])('leaves to the sweeper what is too many %s for its queue, in order', async (_, limit) => {
    const held = gate();
    world.start({ ...SWEEPING, maxBatch: 2, ...limit }, () => held.opened.then((): PublishOutcome => 'ok'));
    for (const id of ['a', 'b', 'c', 'd']) await world.commit(id, 3);
    held.open();
    await world.trimmed();

    for (const id of ['a', 'b', 'c', 'd']) expect(world.log.firstAppearances(id)).toEqual([1, 2, 3]);
  });

  it('looks for nothing while its queue is full, and reads no more than it has room for', async () => {
    const held = gate();
    for (let each = 0; each < 40; each += 1) await world.instance.commit(`item-${each}`);
    world.start({ ...SWEEPING, maxBatch: 5, maxQueued: 10 }, () => held.opened.then((): PublishOutcome => 'ok'));
    await eventually(() => expect(world.log.waiting).toBe(1));
    await world.commit('a', 3);

    expect(world.instance.read.length).toBeLessThan(15);
    const { looks } = world.instance;
    for (let turns = 0; turns < 20; turns += 1) await world.store.backlog();
    expect(world.instance.looks).toBe(looks);
    held.open();
    await world.trimmed();
    expect(world.log.firstAppearances('a')).toEqual([1, 2, 3]);
  });

  it('takes of each aggregate the oldest events first, a few at a time', async () => {
    for (let each = 0; each < 120; each += 1) await world.instance.commit('a');
    await world.instance.commit('b');
    world.start(SWEEPING);
    await world.trimmed();

    expect(Math.max(...world.instance.read.map(({ pending }) => pending.length))).toBe(50);
    expect(world.log.firstAppearances('a')).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    expect(world.log.events.findIndex(({ subject }) => subject === 'b')).toBeLessThan(60);
  });
});
