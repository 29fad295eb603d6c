import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { type AggregatesFixture, type ItemStore, pendingOf, unpublishedOf } from '../testing/item-stores.js';
import { changed, created, type Item } from '../testing/items.js';
import { type CommittedEvent, type StoredAggregate, type UnpublishedQuery, VersionConflict } from './aggregates.js';

/** A part of the contract of an aggregate store: what of its events waits to be published. */
export function outboxContract(openFixture: () => Promise<AggregatesFixture>): void {
  let fixture: AggregatesFixture;
  let store: ItemStore;

  beforeEach(async () => {
    fixture = await openFixture();
    store = fixture.stores[0]!;
  });

  afterEach(() => fixture.dispose());

  async function saved(id: string, version = 1, time?: string): Promise<StoredAggregate<Item>> {
    await store.save(undefined, created(id, time));
    for (let current = 1; current < version; current += 1) {
      const before = await found(id);
      await store.save(before, changed(before.state, `name ${current + 1}`, time));
    }
    return found(id);
  }

  async function found(id: string): Promise<StoredAggregate<Item>> {
    const stored = await store.find(id);
    if (!stored) throw new Error(`there is no ${id}`);
    return stored;
  }

  it('tells of a commit, and from which version on something is pending, and not of a refused save', async () => {
    const told: CommittedEvent[] = [];
    store.onCommit((commit) => told.push(commit));
    const before = await saved('a');
    await store.save(before, changed(before.state, 'x'));
    await expect(store.save(before, changed(before.state, 'y'))).rejects.toThrow(VersionConflict);
    const [first, second] = await pendingOf(store, 'a');
    await store.trim(new Map([['a', 2]]));
    await eventually(async () => expect(await pendingOf(store, 'a')).toEqual([]));
    const published = await found('a');
    await store.save(published, changed(published.state, 'z'));

    expect(told).toEqual([
      { id: 'a', event: first, oldest: 1 },
      { id: 'a', event: second, oldest: 1 },
      { id: 'a', event: (await pendingOf(store, 'a'))[0], oldest: 3 },
    ]);
  });

  it('tells how many saves share a bulk write, and no trim', async () => {
    const told: number[] = [];
    store.onBulkWrite((saves) => told.push(saves));
    const ids = Array.from({ length: 40 }, (_, index) => `item-${index}`);
    await Promise.all(ids.map((id) => store.save(undefined, created(id))));
    const shared = [...told];
    await store.trim(new Map(ids.map((id) => [id, 1])));
    await store.save(undefined, created('alone'));

    expect(shared.reduce((sum, saves) => sum + saves, 0)).toBe(40);
    expect(Math.max(...shared)).toBeGreaterThan(1);
    expect(told.slice(shared.length)).toEqual([1]);
  });

  it('tells a command how much waits, without the events', async () => {
    const { pending } = await saved('a', 3);
    const { pending: more } = await saved('b', 4);
    expect(pending).toEqual({ oldest: 1, bytes: expect.any(Number) });
    expect(pending!.bytes).toBeGreaterThan(500);
    expect(more!.bytes).toBeGreaterThan(pending!.bytes);

    await store.trim(
      new Map([
        ['a', 2],
        ['b', 4],
      ]),
    );
    await eventually(async () => {
      expect((await found('a')).pending).toMatchObject({ oldest: 3 });
      expect(await found('b')).not.toHaveProperty('pending');
    });
  });

  it('names what waits from a time on, oldest first', async () => {
    await saved('second', 1, '2026-01-02T00:00:00.000Z');
    await saved('third', 1, '2026-01-03T00:00:00.000Z');
    await saved('first', 2, '2026-01-01T00:00:00.000Z');
    const idsOf = async (from: string, limit: number) =>
      (await store.pendingAggregates(from, limit)).map(({ id }) => id);

    expect((await store.pendingAggregates('', 10))[0]).toEqual({
      id: 'first',
      version: 1,
      time: '2026-01-01T00:00:00.000Z',
    });
    expect(await idsOf('', 10)).toEqual(['first', 'second', 'third']);
    expect(await idsOf('', 2)).toEqual(['first', 'second']);
    expect(await idsOf('2026-01-02T00:00:00.000Z', 10)).toEqual(['second', 'third']);
    expect(await idsOf('2026-01-04T00:00:00.000Z', 10)).toEqual([]);
    expect(await store.ends()).toMatchObject({ oldest: { id: 'first' }, newest: { id: 'third' } });
  });

  it('names an aggregate once, by the event that it has to publish first', async () => {
    await saved('a', 1, '2026-01-01T00:00:00.000Z');
    const before = await found('a');
    await store.save(before, changed(before.state, 'x', '2026-01-09T00:00:00.000Z'));
    expect(await store.pendingAggregates('', 10)).toEqual([{ id: 'a', version: 1, time: '2026-01-01T00:00:00.000Z' }]);

    await store.trim(new Map([['a', 1]]));
    await eventually(async () => {
      expect(await store.pendingAggregates('', 10)).toEqual([
        { id: 'a', version: 2, time: '2026-01-09T00:00:00.000Z' },
      ]);
    });
  });

  it('names nothing where nothing waits', async () => {
    expect(await store.pendingAggregates('', 10)).toEqual([]);
    expect(await store.ends()).toBeUndefined();
    expect(await unpublishedOf(store)).toEqual([]);
  });

  it('gives the oldest events of the aggregates that are asked for, in order of version', async () => {
    await saved('a', 3);
    await saved('b', 1);
    await saved('c', 1);
    const versionsOf = async (query?: UnpublishedQuery) =>
      (await unpublishedOf(store, query))
        .map(({ id, pending }) => [id, ...pending.map(({ version }) => version)])
        .sort();

    expect(await versionsOf({ ids: ['a', 'c', 'unheard of'], maxEvents: 2 })).toEqual([
      ['a', 1, 2],
      ['c', 1],
    ]);
    expect(await versionsOf()).toEqual([
      ['a', 1, 2, 3],
      ['b', 1],
      ['c', 1],
    ]);
  });

  it('may be left while it is read', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, index) => saved(`item-${index}`)));
    const read: string[] = [];
    for await (const { id } of store.unpublished()) {
      read.push(id);
      if (read.length === 3) break;
    }

    expect(new Set(read).size).toBe(3);
    expect(await unpublishedOf(store)).toHaveLength(300);
  });

  it('refuses an event that the log would not take, and says how large it may be', async () => {
    const before = await saved('a');
    const change = (length: number) => changed(before.state, 'x'.repeat(length));
    await expect(store.save(before, change(1_200_000))).rejects.toMatchObject({
      kind: 'too-large',
      message: expect.stringMatching(/^the event of this change has 120\d{4} bytes, .* takes 1047564 /),
    });
    store.limitEvents(2_000);
    await expect(store.save(before, change(2_000))).rejects.toMatchObject({ kind: 'too-large' });
    expect(await found('a')).toEqual(before);

    await store.save(before, change(500));
  });

  it('drops what is published up to a version, and no more', async () => {
    await saved('a', 3);
    await saved('b', 2);
    await saved('c', 1);

    await store.trim(
      new Map([
        ['a', 2],
        ['b', 2],
        ['unheard of', 7],
      ]),
    );

    const versionsOf = async (id: string) => (await pendingOf(store, id)).map(({ version }) => version);
    // A trim may take a moment to be seen: all that can come of it is a duplicate in the log.
    await eventually(async () => {
      expect([await versionsOf('a'), await versionsOf('b'), await versionsOf('c')]).toEqual([[3], [], [1]]);
    });
    expect((await found('a')).state.version).toBe(3);
    expect((await store.pendingAggregates('', 10)).map(({ id }) => id).sort()).toEqual(['a', 'c']);
    expect(await store.find('unheard of')).toBeUndefined();
  });

  it('drops nothing that was committed while it was published', async () => {
    const before = await saved('a');
    await Promise.all([store.trim(new Map([['a', 1]])), store.save(before, changed(before.state, 'x'))]);

    await eventually(async () => {
      expect((await pendingOf(store, 'a')).map(({ version }) => version)).toEqual([2]);
    });
  });

  it('counts what waits and names the ends of it', async () => {
    expect(await store.backlog()).toEqual({ events: 0 });

    await saved('b', 1, '2026-01-02T00:00:00.000Z');
    await saved('a', 2, '2026-01-01T00:00:00.000Z');
    await saved('published', 2, '2025-01-01T00:00:00.000Z');
    await store.trim(new Map([['published', 2]]));

    await eventually(async () => {
      expect(await store.backlog()).toEqual({
        events: 3,
        oldest: { id: 'a', version: 1, time: '2026-01-01T00:00:00.000Z' },
        newest: expect.objectContaining({ id: 'b', time: '2026-01-02T00:00:00.000Z' }),
      });
    });
  });
}
