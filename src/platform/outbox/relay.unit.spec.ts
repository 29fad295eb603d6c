import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { gate } from '../../../test/support/gate.js';
import { itemEvents, type Item, type ItemEvent } from '../../../test/support/items.js';
import { FlakyLog, instancesOn, type Instance, type Outcome } from '../../../test/support/relay-world.js';
import { silentLogger } from '../../../test/support/silent-logger.js';
import { EmbeddedAggregates } from '../embedded/embedded-aggregates.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/embedded-database.js';
import { Relay, type RelaySettings } from './relay.js';

const PATIENCE = 20_000;
/** The sweeper stays away but for its first sweep. */
const FAST_PATH = { sweepEvery: 1_000_000 };
/** The sweeper takes all it finds, again and again. */
const SWEEPING = { sweepEvery: 1, sweepAfter: 0 };

describe('the relay', () => {
  let database: EmbeddedDatabase;
  let store: EmbeddedAggregates<Item, ItemEvent>;
  let instance: Instance;
  let log: FlakyLog;
  let relays: Relay[];

  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    store = new EmbeddedAggregates<Item, ItemEvent>(database.level, 'items', itemEvents);
    instance = instancesOn(store, 1)[0]!;
    log = new FlakyLog();
    relays = [];
  });

  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop(0)));
    await database.close();
  });

  function start(settings: Partial<RelaySettings>, outcomes?: () => Outcome | Promise<Outcome>, of = instance): Relay {
    const relay = new Relay(of, log.bus(outcomes), silentLogger, settings);
    relays.push(relay);
    relay.start();
    return relay;
  }

  const trimmed = () => eventually(async () => expect(await store.backlog()).toEqual({ events: 0 }));
  async function commit(id: string, times: number): Promise<void> {
    for (let each = 0; each < times; each += 1) await instance.commit(id);
  }

  it('publishes each event as it was committed, under the id of its aggregate, and trims it', async () => {
    await instance.commit('a');
    const committed = JSON.parse((await store.find('a'))!.pending[0]!.json) as unknown;
    start(FAST_PATH);
    await trimmed();

    expect(log.events).toEqual([committed]);
    expect(log.records[0]).toMatchObject({
      key: Buffer.from('a'),
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
    });
  });

  it('is told of commits, and publishes those of an aggregate in order', async () => {
    start(FAST_PATH);
    await Promise.all([commit('a', 20), commit('b', 20)]);
    await trimmed();

    expect(log.firstAppearances('a')).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(log.firstAppearances('b')).toEqual(log.firstAppearances('a'));
  });

  it('publishes at most a batch at once', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, index) => instance.commit(`item-${index}`)));
    start({ ...SWEEPING, maxBatch: 7 });
    await trimmed();

    expect(Math.max(...log.sizes)).toBeLessThanOrEqual(7);
    expect(new Set(log.events.map(({ subject }) => subject)).size).toBe(30);
  });

  it.each<Outcome>(['before', 'half', 'after'])('tries again what failed (%s), and loses nothing', async (failure) => {
    const outcomes: Outcome[] = [failure, failure];
    const relay = start(FAST_PATH, () => outcomes.shift() ?? 'ok');
    await commit('a', 6);
    await relay.stop(PATIENCE);

    expect(log.failures).toHaveLength(2);
    expect(log.firstAppearances('a')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await store.backlog()).toEqual({ events: 0 });
  });

  it('publishes again what it could not trim, and then trims it', async () => {
    instance.failingTrims = 1;
    start(SWEEPING);
    await commit('a', 1);
    await trimmed();

    expect(log.firstAppearances('a')).toEqual([1]);
    expect(log.records.length).toBeGreaterThan(1);
  });

  it('publishes once what is handed over again while it waits', async () => {
    const held = [gate(), gate(), gate()];
    let publishes = 0;
    start({ ...FAST_PATH, maxBatch: 1 }, () => held[publishes++]!.opened.then((): Outcome => 'ok'));
    await eventually(() => expect(instance.sweeps).toBe(1));
    await commit('a', 2);
    held[0]?.open();
    await eventually(async () => expect((await store.find('a'))?.pending.map(({ version }) => version)).toEqual([2]));
    await eventually(() => expect(publishes).toBe(2));

    await commit('a', 1);
    for (const each of held) each.open();
    await trimmed();

    expect(log.events.map(({ sequence }) => sequence)).toEqual(['1', '2', '3']);
  });

  it('publishes once what a commit hands over that read the aggregate before the trim', async () => {
    await instance.commit('a');
    const beforeTrim = await store.find('a');
    start(FAST_PATH);
    await trimmed();

    await instance.commit('a', undefined, beforeTrim);
    await trimmed();

    expect(log.events.map(({ sequence }) => sequence)).toEqual(['1', '2']);
  });

  it('publishes again what a sweep finds after it was trimmed, and trims it again', async () => {
    await instance.commit('a');
    const { pending } = (await store.find('a'))!;
    start(SWEEPING);
    await trimmed();

    await store.adopt([{ id: 'a', pending, commands: [] }]);
    await trimmed();

    expect(log.events.map(({ sequence }) => sequence)).toEqual(['1', '1']);
  });

  it('finds at once what a crash has left, however young', async () => {
    const justNow = new Date(Date.now() - 1_000).toISOString();
    for (const id of ['a', 'a', 'b']) await instance.commit(id, justNow);

    start({ sweepEvery: 1_000_000, sweepAfter: 1_000_000 });
    await trimmed();

    expect([log.firstAppearances('a'), log.firstAppearances('b')]).toEqual([[1, 2], [1]]);
  });

  it('finds what another process committed and did not publish', async () => {
    const [living, crashed] = instancesOn(store, 2);
    start(SWEEPING, undefined, living);
    await crashed!.commit('a');
    await trimmed();

    expect(log.firstAppearances('a')).toEqual([1]);
  });

  it('does not look again for what it is still publishing', async () => {
    const [living, crashed] = instancesOn(store, 2);
    for (const id of ['a', 'b', 'c']) await crashed!.commit(id);
    const held = gate();
    let publishes = 0;
    const countAndHold = (): Promise<Outcome> => {
      publishes += 1;
      return held.opened.then(() => 'ok');
    };
    start({ sweepEvery: 0, sweepAfter: 0 }, countAndHold, living);
    await eventually(() => expect(publishes).toBe(1));
    for (let looks = 0; looks < 20; looks += 1) await store.backlog();

    expect(living!.sweeps).toBe(1);
    held.open();
    await trimmed();
    expect(log.records).toHaveLength(3);
  });

  it.each([
    ['events', { maxQueued: 3 }],
    ['characters', { maxQueuedLength: 1_000 }],
  ])('leaves to the sweeper what is too many %s for its queue, in order', async (_, limit) => {
    const held = gate();
    start({ ...SWEEPING, maxBatch: 2, ...limit }, () => held.opened.then((): Outcome => 'ok'));
    for (const id of ['a', 'b', 'c', 'd']) await commit(id, 3);
    held.open();
    await trimmed();

    for (const id of ['a', 'b', 'c', 'd']) expect(log.firstAppearances(id)).toEqual([1, 2, 3]);
  });

  it('publishes with the new event what another process has still pending', async () => {
    const [slow, quick] = instancesOn(store, 2);
    await slow!.commit('a');
    start({ sweepEvery: 1_000_000, sweepAfter: 1_000_000 }, undefined, quick);
    await quick!.commit('a');
    await trimmed();

    expect(log.firstAppearances('a')).toEqual([1, 2]);
  });

  it('keeps the order of first appearance beside another relay on the same outbox', async () => {
    const instances = instancesOn(store, 2);
    for (const each of instances) start(SWEEPING, undefined, each);
    const ids = ['a', 'b', 'c'];
    for (let turn = 0; turn < 30; turn += 1) {
      await Promise.all(ids.map((id, index) => instances[(turn + index) % 2]!.commit(id)));
    }
    await trimmed();

    const all = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const id of ids) expect(log.firstAppearances(id)).toEqual(all);
  });

  describe('when it stops', () => {
    it('publishes what it has queued', async () => {
      const relay = start(FAST_PATH);
      await Promise.all(Array.from({ length: 100 }, (_, index) => instance.commit(`item-${index}`)));
      await relay.stop(PATIENCE);

      expect(new Set(log.events.map(({ subject }) => subject)).size).toBe(100);
      expect(await store.backlog()).toEqual({ events: 0 });
    });

    it('leaves in the outbox what it cannot publish in time', async () => {
      const relay = start(FAST_PATH, () => 'before');
      await commit('a', 2);
      await eventually(() => expect(log.failures).not.toHaveLength(0));
      await relay.stop(0);

      expect(log.records).toEqual([]);
      expect((await store.find('a'))?.pending.map(({ version }) => version)).toEqual([1, 2]);
    });

    it('publishes nothing that is committed afterwards', async () => {
      const relay = start(FAST_PATH);
      await relay.stop(PATIENCE);
      await instance.commit('a');

      expect(log.records).toEqual([]);
      expect(await store.backlog()).toMatchObject({ events: 1 });
    });
  });
});
