import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { pendingOf } from '../testing/item-stores.js';
import { FAST_PATH, OutboxWorld, SWEEPING } from '../testing/outbox-world.js';
import { instancesOn, type PublishOutcome } from '../testing/relay-world.js';

const TIMEOUT_MS = 20_000;

describe('the relay', () => {
  let world: OutboxWorld;

  beforeEach(async () => {
    world = await OutboxWorld.open();
  });

  afterEach(() => world.close());

  it('publishes each event as it was committed, under the id of its aggregate, and trims it', async () => {
    await world.instance.commit('a');
    const committed = JSON.parse((await pendingOf(world.store, 'a'))[0]!.json) as unknown;
    world.start(FAST_PATH);
    await world.trimmed();

    expect(world.log.events).toEqual([committed]);
    expect(world.log.records[0]).toMatchObject({
      key: Buffer.from('a'),
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8', ce_sequence: '1' },
    });
  });

  it('is told of commits, and publishes those of an aggregate in order', async () => {
    world.start(FAST_PATH);
    await Promise.all([world.commit('a', 20), world.commit('b', 20)]);
    await world.trimmed();

    expect(world.log.firstAppearances('a')).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(world.log.firstAppearances('b')).toEqual(world.log.firstAppearances('a'));
  });

  it('publishes at most a batch at once', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, index) => world.instance.commit(`item-${index}`)));
    world.start({ ...SWEEPING, maxBatch: 7 });
    await world.trimmed();

    expect(Math.max(...world.log.sizes)).toBeLessThanOrEqual(7);
    expect(new Set(world.log.events.map(({ subject }) => subject)).size).toBe(30);
  });

  it.each<PublishOutcome>(['before', 'half', 'after'])(
    'tries again what failed (%s), and loses nothing',
    async (failure) => {
      const outcomes: PublishOutcome[] = [failure, failure];
      const relay = world.start(FAST_PATH, () => outcomes.shift() ?? 'ok');
      await world.commit('a', 6);
      await relay.stop(TIMEOUT_MS);

      expect(world.log.failures).toHaveLength(2);
      expect(world.failedPublishes).toBe(2);
      expect(world.published.reduce((sum, events) => sum + events, 0)).toBe(6);
      expect(world.log.firstAppearances('a')).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await world.store.backlog()).toEqual({ events: 0 });
    },
  );

  it('publishes again what it could not trim, and then trims it', async () => {
    world.instance.failingTrims = 1;
    world.start(SWEEPING);
    await world.commit('a', 1);
    await world.trimmed();

    expect(world.log.firstAppearances('a')).toEqual([1]);
    expect(world.log.records.length).toBeGreaterThan(1);
  });

  it('publishes once what is handed over again while it waits', async () => {
    const held = [gate(), gate(), gate()];
    let publishes = 0;
    world.start({ ...FAST_PATH, maxBatch: 1 }, () => held[publishes++]!.opened.then((): PublishOutcome => 'ok'));
    await eventually(() => expect(world.instance.looks).toBe(1));
    await world.commit('a', 2);
    held[0]?.open();
    await eventually(async () => expect(await world.pendingVersions('a')).toEqual([2]));
    await eventually(() => expect(publishes).toBe(2));

    await world.commit('a', 1);
    for (const each of held) each.open();
    await world.trimmed();

    expect(world.log.events.map(({ sequence }) => sequence)).toEqual(['1', '2', '3']);
  });

  it('publishes once what a commit hands over that read the aggregate before the trim', async () => {
    await world.instance.commit('a');
    const beforeTrim = await world.store.find('a');
    world.start(FAST_PATH);
    await world.trimmed();

    await world.instance.commit('a', undefined, beforeTrim);
    await world.trimmed();

    expect(world.log.events.map(({ sequence }) => sequence)).toEqual(['1', '2']);
  });

  it('reads nothing for a commit that follows on what it publishes itself', async () => {
    world.start(FAST_PATH);
    await eventually(() => expect(world.instance.looks).toBe(1));
    await world.commit('a', 20);
    await world.trimmed();

    expect(world.instance.read).toEqual([]);
  });

  it('publishes nothing while it is paused, and then all of it', async () => {
    const relay = world.start(SWEEPING);
    await eventually(() => expect(world.instance.looks).toBeGreaterThan(0));
    relay.pause();
    await world.commit('a', 3);
    for (let turns = 0; turns < 20; turns += 1) await world.store.backlog();
    expect(world.log.records).toEqual([]);

    relay.resume();
    await world.trimmed();
    expect(world.log.firstAppearances('a')).toEqual([1, 2, 3]);
  });

  it('goes on after a pause with what another process has still pending before its own', async () => {
    const [slow, quick] = instancesOn(world.store, 2);
    const relay = world.start({ sweepEvery: 1_000_000, sweepAfter: 1_000_000 }, undefined, quick);
    await eventually(() => expect(quick!.looks).toBe(1));
    relay.pause();
    await slow!.commit('a');
    await quick!.commit('a');
    expect(world.log.records).toEqual([]);

    relay.resume();
    await world.trimmed();
    expect(world.log.firstAppearances('a')).toEqual([1, 2]);
  });

  it('can be stopped while it is paused', async () => {
    const relay = world.start(SWEEPING);
    relay.pause();
    await world.commit('a', 1);
    await relay.stop(TIMEOUT_MS);

    expect(await world.store.backlog()).toMatchObject({ events: 1 });
  });

  describe('when it stops', () => {
    it('publishes what it has queued', async () => {
      const relay = world.start(FAST_PATH);
      await Promise.all(Array.from({ length: 100 }, (_, index) => world.instance.commit(`item-${index}`)));
      await relay.stop(TIMEOUT_MS);

      expect(new Set(world.log.events.map(({ subject }) => subject)).size).toBe(100);
      expect(await world.store.backlog()).toEqual({ events: 0 });
    });

    it('leaves in the outbox what it cannot publish in time', async () => {
      const relay = world.start(FAST_PATH, () => 'before');
      await world.commit('a', 2);
      await eventually(() => expect(world.log.failures).not.toHaveLength(0));
      await relay.stop(0);

      expect(world.log.records).toEqual([]);
      expect(await world.pendingVersions('a')).toEqual([1, 2]);
    });

    it('publishes nothing that is committed afterwards', async () => {
      const relay = world.start(FAST_PATH);
      await relay.stop(TIMEOUT_MS);
      await world.instance.commit('a');

      expect(world.log.records).toEqual([]);
      expect(await world.store.backlog()).toMatchObject({ events: 1 });
    });
  });
});
