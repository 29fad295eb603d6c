import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { pendingOf, unpublishedOf } from '../testing/item-stores.js';
import { itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { FlakyLog, instancesOn, type Instance, type PublishOutcome } from '../testing/relay-world.js';
import { silentLogger } from '../testing/silent-logger.js';
import { EmbeddedAggregates } from '../embedded/aggregates.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { Relay, type RelaySettings } from './relay.js';
import { setAsideHealth } from './set-aside.js';

const TIMEOUT_MS = 20_000;
/** The sweeper stays away but for its first sweep. */
const FAST_PATH = { sweepEvery: 1_000_000 };
/** The sweeper takes all it finds, again and again. */
const SWEEPING = { sweepEvery: 1, sweepAfter: 0 };

describe('the relay', () => {
  let database: EmbeddedDatabase;
  let store: EmbeddedAggregates<Item, ItemChange>;
  let instance: Instance;
  let log: FlakyLog;
  let relays: Relay[];

  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    store = new EmbeddedAggregates<Item, ItemChange>(database.level, 'items', itemEvents);
    instance = instancesOn(store, 1)[0]!;
    log = new FlakyLog();
    relays = [];
  });

  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop(0)));
    await database.close();
  });

  function start(
    settings: Partial<RelaySettings>,
    outcomes?: () => PublishOutcome | Promise<PublishOutcome>,
    of = instance,
  ): Relay {
    const relay = new Relay(of, log.bus(outcomes), silentLogger, settings);
    relays.push(relay);
    relay.start();
    return relay;
  }

  const pendingVersions = async (id: string) => (await pendingOf(store, id)).map(({ version }) => version);
  const trimmed = () => eventually(async () => expect(await store.backlog()).toEqual({ events: 0 }));
  async function commit(id: string, times: number): Promise<void> {
    for (let each = 0; each < times; each += 1) await instance.commit(id);
  }

  it('publishes each event as it was committed, under the id of its aggregate, and trims it', async () => {
    await instance.commit('a');
    const committed = JSON.parse((await pendingOf(store, 'a'))[0]!.json) as unknown;
    start(FAST_PATH);
    await trimmed();

    expect(log.events).toEqual([committed]);
    expect(log.records[0]).toMatchObject({
      key: Buffer.from('a'),
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8', ce_sequence: '1' },
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

  it.each<PublishOutcome>(['before', 'half', 'after'])(
    'tries again what failed (%s), and loses nothing',
    async (failure) => {
      const outcomes: PublishOutcome[] = [failure, failure];
      const relay = start(FAST_PATH, () => outcomes.shift() ?? 'ok');
      await commit('a', 6);
      await relay.stop(TIMEOUT_MS);

      expect(log.failures).toHaveLength(2);
      expect(log.firstAppearances('a')).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await store.backlog()).toEqual({ events: 0 });
    },
  );

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
    start({ ...FAST_PATH, maxBatch: 1 }, () => held[publishes++]!.opened.then((): PublishOutcome => 'ok'));
    await eventually(() => expect(instance.looks).toBe(1));
    await commit('a', 2);
    held[0]?.open();
    await eventually(async () => expect(await pendingVersions('a')).toEqual([2]));
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
    const pending = await pendingOf(store, 'a');
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
    const countAndHold = (): Promise<PublishOutcome> => {
      publishes += 1;
      return held.opened.then(() => 'ok');
    };
    start({ sweepEvery: 0, sweepAfter: 0 }, countAndHold, living);
    await eventually(() => expect(publishes).toBe(1));
    for (let looks = 0; looks < 20; looks += 1) await store.backlog();

    expect(living!.looks).toBe(1);
    held.open();
    await trimmed();
    expect(log.records).toHaveLength(3);
  });

  it.each([
    ['events', { maxQueued: 3 }],
    ['characters', { maxQueuedLength: 1_000 }],
  ])('leaves to the sweeper what is too many %s for its queue, in order', async (_, limit) => {
    const held = gate();
    start({ ...SWEEPING, maxBatch: 2, ...limit }, () => held.opened.then((): PublishOutcome => 'ok'));
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

  it.each([
    ['ahead', '2099-01-01T00:00:00.000Z'],
    ['behind', '1999-01-01T00:00:00.000Z'],
    ['broken', 'yesterday'],
  ])('finds what a process left whose clock was %s, beside others all the time', async (_, time) => {
    const [living, crashed] = instancesOn(store, 2);
    start({ sweepEvery: 1, sweepAfter: 20 }, undefined, living);
    await eventually(() => expect(living!.looks).toBeGreaterThan(1));
    await crashed!.commit('a', time);
    await crashed!.commit('a', time);
    await crashed!.commit('b', new Date().toISOString());
    await trimmed();

    expect([log.firstAppearances('a'), log.firstAppearances('b')]).toEqual([[1, 2], [1]]);
  });

  it('leaves what it sees for the first time to the process that committed it', async () => {
    const [living, other] = instancesOn(store, 2);
    start({ sweepEvery: 1, sweepAfter: 1_000_000 }, undefined, living);
    await eventually(() => expect(living!.looks).toBeGreaterThan(1));
    await other!.commit('a', new Date().toISOString());
    const looks = living!.looks;
    await eventually(() => expect(living!.looks).toBeGreaterThan(looks + 5));

    expect(log.records).toEqual([]);
  });

  it('looks for nothing while its queue is full, and reads no more than it has room for', async () => {
    const held = gate();
    for (let each = 0; each < 40; each += 1) await instance.commit(`item-${each}`);
    start({ ...SWEEPING, maxBatch: 5, maxQueued: 10 }, () => held.opened.then((): PublishOutcome => 'ok'));
    await eventually(() => expect(log.waiting).toBe(1));
    await commit('a', 3);

    expect(instance.read.length).toBeLessThan(15);
    const { looks } = instance;
    for (let turns = 0; turns < 20; turns += 1) await store.backlog();
    expect(instance.looks).toBe(looks);
    held.open();
    await trimmed();
    expect(log.firstAppearances('a')).toEqual([1, 2, 3]);
  });

  it('takes of each aggregate the oldest events first, a few at a time', async () => {
    for (let each = 0; each < 120; each += 1) await instance.commit('a');
    await instance.commit('b');
    start(SWEEPING);
    await trimmed();

    expect(Math.max(...instance.read.map(({ pending }) => pending.length))).toBe(50);
    expect(log.firstAppearances('a')).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    expect(log.events.findIndex(({ subject }) => subject === 'b')).toBeLessThan(60);
  });

  it('reads nothing for a commit that follows on what it publishes itself', async () => {
    start(FAST_PATH);
    await eventually(() => expect(instance.looks).toBe(1));
    await commit('a', 20);
    await trimmed();

    expect(instance.read).toEqual([]);
  });

  it('publishes nothing while it is paused, and then all of it', async () => {
    const relay = start(SWEEPING);
    await eventually(() => expect(instance.looks).toBeGreaterThan(0));
    relay.pause();
    await commit('a', 3);
    for (let turns = 0; turns < 20; turns += 1) await store.backlog();
    expect(log.records).toEqual([]);

    relay.resume();
    await trimmed();
    expect(log.firstAppearances('a')).toEqual([1, 2, 3]);
  });

  it('goes on after a pause with what another process has still pending before its own', async () => {
    const [slow, quick] = instancesOn(store, 2);
    const relay = start({ sweepEvery: 1_000_000, sweepAfter: 1_000_000 }, undefined, quick);
    await eventually(() => expect(quick!.looks).toBe(1));
    relay.pause();
    await slow!.commit('a');
    await quick!.commit('a');
    expect(log.records).toEqual([]);

    relay.resume();
    await trimmed();
    expect(log.firstAppearances('a')).toEqual([1, 2]);
  });

  it('can be stopped while it is paused', async () => {
    const relay = start(SWEEPING);
    relay.pause();
    await commit('a', 1);
    await relay.stop(TIMEOUT_MS);

    expect(await store.backlog()).toMatchObject({ events: 1 });
  });

  describe('when the log refuses an event', () => {
    const refused = () => eventually(() => expect(log.refusals).toBeGreaterThan(0));

    /** Commits a version that is too large for the log from then on, among others. */
    async function commitTooLarge(id: string): Promise<void> {
      await commit(id, 1);
      await instance.commit(id, undefined, undefined, 'x'.repeat(3_000));
      await commit(id, 2);
      log.maxBytes = 2_500;
    }

    it('sets its aggregate aside alone, and what follows on it, and publishes all others', async () => {
      const others = Array.from({ length: 50 }, (_, index) => `item-${index}`);
      for (const id of others.slice(0, 25)) await commit(id, 1);
      await commitTooLarge('a');
      for (const id of others.slice(25)) await commit(id, 1);
      const relay = start(SWEEPING);
      await eventually(async () => expect((await unpublishedOf(store)).map(({ id }) => id)).toEqual(['a']));
      await eventually(() => expect(relay.setAside).toHaveLength(1));
      await commit('b', 1);
      await eventually(async () => expect((await unpublishedOf(store)).map(({ id }) => id)).toEqual(['a']));

      expect(log.firstAppearances('a')).toEqual([1]);
      expect(await pendingVersions('a')).toEqual([2, 3, 4]);
      for (const id of [...others, 'b']) expect(log.firstAppearances(id)).toEqual([1]);
      expect(relay.setAside).toEqual([
        { id: 'a', version: 2, bytes: expect.any(Number), since: expect.stringMatching(/Z$/) },
      ]);
      expect(setAsideHealth('t', relay.setAside)).toEqual({
        up: false,
        detail: expect.stringMatching(
          /^t refuses events for their size \(max.message.bytes\): a \(version 2, \d+ bytes\)$/,
        ),
      });
    });

    it('leaves what is committed to it later in the outbox, in order', async () => {
      await commitTooLarge('a');
      start(SWEEPING);
      await refused();
      await commit('a', 3);
      await commit('b', 1);
      await eventually(() => expect(log.firstAppearances('b')).toEqual([1]));

      expect(log.firstAppearances('a')).toEqual([1]);
      expect(await pendingVersions('a')).toEqual([2, 3, 4, 5, 6, 7]);
    });

    it('publishes it, and all that waits behind it in order, when the log takes it again', async () => {
      await commitTooLarge('a');
      const relay = start({ ...SWEEPING, retryAfter: 20 });
      await refused();
      await commit('a', 60);
      await eventually(() => expect(log.refusals).toBeGreaterThan(8));
      log.maxBytes = Infinity;
      await trimmed();

      expect(log.firstAppearances('a')).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
      await eventually(() => expect(relay.setAside).toEqual([]));
      await commit('a', 1);
      await trimmed();
      expect(log.firstAppearances('a').at(-1)).toBe(65);
    });

    it('forgets it when somebody else has published it', async () => {
      await commitTooLarge('a');
      const relay = start({ ...SWEEPING, retryAfter: 20 });
      await eventually(() => expect(relay.setAside).toHaveLength(1));
      await store.trim(new Map([['a', 4]]));

      await eventually(() => expect(relay.setAside).toEqual([]));
      await commit('a', 1);
      await trimmed();
    });

    it('tells the store how large an event may be, so that the command is refused', async () => {
      await instance.commit('a');
      log.maxBytes = 5_000;
      start(FAST_PATH);
      await eventually(() =>
        expect(instance.commit('a', undefined, undefined, 'x'.repeat(4_000))).rejects.toMatchObject({
          kind: 'too-large',
          message: expect.stringContaining(' takes 3976 '),
        }),
      );
    });
  });

  describe('when it stops', () => {
    it('publishes what it has queued', async () => {
      const relay = start(FAST_PATH);
      await Promise.all(Array.from({ length: 100 }, (_, index) => instance.commit(`item-${index}`)));
      await relay.stop(TIMEOUT_MS);

      expect(new Set(log.events.map(({ subject }) => subject)).size).toBe(100);
      expect(await store.backlog()).toEqual({ events: 0 });
    });

    it('leaves in the outbox what it cannot publish in time', async () => {
      const relay = start(FAST_PATH, () => 'before');
      await commit('a', 2);
      await eventually(() => expect(log.failures).not.toHaveLength(0));
      await relay.stop(0);

      expect(log.records).toEqual([]);
      expect(await pendingVersions('a')).toEqual([1, 2]);
    });

    it('publishes nothing that is committed afterwards', async () => {
      const relay = start(FAST_PATH);
      await relay.stop(TIMEOUT_MS);
      await instance.commit('a');

      expect(log.records).toEqual([]);
      expect(await store.backlog()).toMatchObject({ events: 1 });
    });
  });
});
