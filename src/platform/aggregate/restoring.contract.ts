import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { type AggregatesFixture, type ItemStore, pendingOf, unpublishedOf } from '../testing/item-stores.js';
import { changed, created, type Item } from '../testing/items.js';
import type { Restored, Unlogged } from './aggregates.js';
import { eventOf } from './pending-event.js';

/** A part of the contract of an aggregate store: how it is rebuilt from the log. */
export function restoringContract(openFixture: () => Promise<AggregatesFixture>): void {
  let fixture: AggregatesFixture;
  let store: ItemStore;

  beforeEach(async () => {
    fixture = await openFixture();
    store = fixture.stores[0]!;
  });

  afterEach(() => fixture.dispose());

  /** The states of an item up to a version, as the log has them. */
  function logged(id: string, versions: number): Restored<Item>[] {
    const states = [created(id).state];
    while (states.length < versions) states.push(changed(states.at(-1)!, `name ${states.length + 1}`).state);
    return states.map((state) => ({ id, version: state.version, hash: `hash of ${id} ${state.version}`, state }));
  }

  async function unloggedOf(ids?: readonly string[]): Promise<Unlogged<Item>[]> {
    const all: Unlogged<Item>[] = [];
    for await (const each of store.unlogged(ids)) all.push(each);
    return all.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** By both ways to ask. */
  async function idsOfWaiting(of: ItemStore): Promise<string[]> {
    const ids = (await unpublishedOf(of)).map(({ id }) => id).sort();
    expect((await of.pendingAggregates('', 10)).map(({ id }) => id).sort()).toEqual(ids);
    return ids;
  }

  describe('restoring', () => {
    it('leaves the newest state of each, with its hash and nothing to publish', async () => {
      await store.restore([...logged('a', 3), ...logged('b', 1)]);

      const [a, b] = await Promise.all([store.find('a'), store.find('b')]);
      expect(a).toEqual({ state: logged('a', 3)[2]?.state, hash: 'hash of a 3', commands: [] });
      expect(b).toEqual({ state: logged('b', 1)[0]?.state, hash: 'hash of b 1', commands: [] });
      expect(await store.backlog()).toEqual({ events: 0 });
    });

    it('moves forward only, in whatever portions and order the states come, and again', async () => {
      const [first, second, third] = logged('a', 3) as [Restored<Item>, Restored<Item>, Restored<Item>];
      await store.restore([second]);
      await store.restore([first]);
      expect((await store.find('a'))?.state.version).toBe(2);

      await store.restore([first, second, third]);
      await store.restore([first, second]);
      expect(await store.find('a')).toMatchObject({ state: third.state, hash: 'hash of a 3' });
    });

    it('takes what has no hash', async () => {
      const { hash: _, ...unhashed } = logged('a', 1)[0]!;
      await store.restore([unhashed]);

      const restored = await store.find('a');
      expect(restored?.state).toEqual(unhashed.state);
      expect(restored?.hash).toBeUndefined();
    });

    it('keeps no hash of an older event beside a state whose event has none', async () => {
      const [first, second] = logged('a', 2) as [Restored<Item>, Restored<Item>];
      const { hash: _, ...unhashed } = second;
      await store.restore([first]);
      await store.restore([unhashed]);

      const restored = await store.find('a');
      expect(restored?.state).toEqual(second.state);
      expect(restored?.hash).toBeUndefined();
    });

    it('leaves what waits and what is remembered beside a state that it moves', async () => {
      const commands = [{ key: 'k', request: 'f', at: '2026-01-01T00:00:00.000Z', version: 1 }];
      await store.save(undefined, { ...created('a'), commands });
      const pending = await pendingOf(store, 'a');

      await store.restore(logged('a', 2));

      expect(await store.find('a')).toMatchObject({ state: { version: 2 }, pending: { oldest: 1 }, commands });
      expect(await pendingOf(store, 'a')).toEqual(pending);
    });

    it('lets the aggregate be changed from where the log has it', async () => {
      await store.restore(logged('a', 2));
      const before = (await store.find('a'))!;

      await store.save(before, changed(before.state, 'after'));

      const [entry] = await pendingOf(store, 'a');
      expect(entry).toMatchObject({ version: 3 });
      expect(eventOf(entry!)).toMatchObject({ sequence: '3', prevhash: 'hash of a 2' });
    });

    it('drops the remembered responses of what is erased, and of nothing else', async () => {
      const [first, second] = logged('a', 2) as [Restored<Item>, Restored<Item>];
      const command = { key: 'k', at: '2026-01-01T00:00:00.000Z', version: 1 };
      const commands = [{ ...command, request: 'f', answer: first.state }];
      for (const id of ['a', 'b']) await store.save(undefined, { ...created(id), commands });
      const { name: _, tags: _tags, ...rest } = second.state;

      await store.restore([{ ...second, state: { ...rest, erased: true } as unknown as Item }, logged('b', 2)[1]!]);

      expect((await store.find('a'))?.commands).toEqual([command]);
      expect((await store.find('b'))?.commands).toEqual(commands);
    });

    it('restores nothing', async () => {
      await expect(store.restore([])).resolves.toBeUndefined();
    });
  });

  describe('forgetting persons', () => {
    const command = { key: 'k', at: '2026-01-01T00:00:00.000Z', version: 1 };

    async function saveItemOf(id: string, owner: string): Promise<void> {
      const { type, state } = created(id);
      const noted = { ...state, owner, note: `a note about ${owner}` };
      const commands = [{ ...command, request: 'f', answer: noted }];
      await store.save(undefined, { type, state: noted, commands });
    }

    it('removes what is personal from their aggregates and remembered responses, under the same version', async () => {
      for (const [id, owner] of [
        ['a', 'ada'],
        ['b', 'ada'],
        ['c', 'bob'],
        ['d', 'eve'],
      ] as const) {
        await saveItemOf(id, owner);
      }
      const [before, pending] = [await store.find('a'), await pendingOf(store, 'a')];
      const { note: _, ...stateLeft } = before!.state;

      await store.forget(['ada', 'bob', 'unheard of']);
      await store.forget(['ada']);

      expect(await store.find('a')).toEqual({
        ...before,
        pending: expect.anything(),
        state: stateLeft,
        commands: [command],
      });
      expect(await pendingOf(store, 'a')).toEqual(pending);
      for (const id of ['b', 'c']) expect(JSON.stringify(await store.find(id))).not.toContain('a note about');
      expect((await store.find('d'))?.state.note).toBe('a note about eve');
      expect((await store.find('d'))?.commands).toMatchObject([{ request: 'f', answer: { owner: 'eve' } }]);
    });

    it('leaves an aggregate that can be changed', async () => {
      await saveItemOf('a', 'ada');
      await store.forget(['ada']);
      const before = (await store.find('a'))!;
      await store.save(before, changed(before.state, 'after'));
      expect((await store.find('a'))?.state).toMatchObject({ version: 2, name: 'after', owner: 'ada' });
    });

    it('needs no persons', async () => {
      await saveItemOf('a', 'ada');
      await store.forget([]);
      expect((await store.find('a'))?.state.note).toBe('a note about ada');
    });
  });

  describe('heads', () => {
    beforeEach(async () => {
      const { hash: _, ...unhashed } = logged('a-b', 1)[0]!;
      await store.restore([...logged('b', 1), ...logged('a', 3), unhashed, ...logged('B', 2)]);
    });

    it("are told of all, in the order of the ids' bytes", async () => {
      const heads = [];
      for await (const head of store.allHeads()) heads.push(head);
      expect(heads).toEqual([
        { id: 'B', version: 2, hash: 'hash of B 2' },
        { id: 'a', version: 3, hash: 'hash of a 3' },
        { id: 'a-b', version: 1 },
        { id: 'b', version: 1, hash: 'hash of b 1' },
      ]);
    });

    it('are told of those that are asked for', async () => {
      expect(await store.heads(['b', 'unheard of'])).toEqual([{ id: 'b', version: 1, hash: 'hash of b 1' }]);
      expect(await store.heads([])).toEqual([]);
    });
  });

  describe('what waits', () => {
    it('is told of every aggregate, with all of it', async () => {
      await store.save(undefined, created('a'));
      await store.save(undefined, created('b'));
      await store.save(await store.find('b'), changed(created('b').state, 'more'));
      await store.restore(logged('c', 1));

      const waiting = new Map<string, number[]>();
      for await (const { id, pending } of store.unpublished())
        waiting.set(
          id,
          pending.map(({ version }) => version),
        );
      expect([...waiting].sort()).toEqual([
        ['a', [1]],
        ['b', [1, 2]],
      ]);
    });
  });

  describe('what the log does not know', () => {
    const commands = [{ key: 'k', request: 'f', at: '2026-01-01T00:00:00.000Z', version: 1 }];

    beforeEach(async () => {
      await store.save(undefined, created('waits'));
      await store.save(undefined, { ...created('waits and remembers'), commands });
      await store.save(undefined, { ...created('remembers'), commands });
      await store.save(undefined, created('neither'));
      await store.trim(
        new Map([
          ['remembers', 1],
          ['neither', 1],
        ]),
      );
      // A trim may take a moment to be seen.
      await eventually(async () => expect(await store.backlog()).toMatchObject({ events: 2 }));
    });

    it('is told of all of which there is something', async () => {
      const unlogged = await unloggedOf();

      expect(unlogged.map(({ id, pending }) => [id, pending.length])).toEqual([
        ['remembers', 0],
        ['waits', 1],
        ['waits and remembers', 1],
      ]);
      expect(unlogged.map((each) => each.commands)).toEqual([commands, [], commands]);
    });

    it('is told of those that are asked for', async () => {
      const ids = async (...asked: string[]) => (await unloggedOf(asked)).map(({ id }) => id);

      expect(await ids('waits', 'neither', 'unheard of')).toEqual(['waits']);
      expect(await ids()).toEqual([]);
    });

    it('is adopted by a store that was rebuilt, and goes on from there', async () => {
      const unlogged = await unloggedOf();
      const next = await openFixture();
      try {
        const rebuilt = next.stores[0]!;
        await rebuilt.restore(unlogged.map(({ id }) => logged(id, 1)[0]!));

        await rebuilt.adopt(unlogged);
        await rebuilt.adopt(unlogged);

        for (const { id, pending } of unlogged) {
          expect(await pendingOf(rebuilt, id)).toEqual(pending);
          expect((await rebuilt.find(id))?.commands).toEqual((await store.find(id))?.commands);
        }
        expect(await idsOfWaiting(rebuilt)).toEqual(['waits', 'waits and remembers']);
        await rebuilt.trim(new Map([['waits', 1]]));
        await eventually(async () => expect(await idsOfWaiting(rebuilt)).toEqual(['waits and remembers']));
      } finally {
        await next.dispose();
      }
    });

    it('is adopted in place of what was there, and where nothing is, not at all', async () => {
      await store.adopt([
        { id: 'waits', pending: [], commands },
        { id: 'unheard of', pending: [], commands },
      ]);

      expect((await store.find('waits'))?.commands).toEqual(commands);
      expect(await pendingOf(store, 'waits')).toEqual([]);
      expect(await store.find('unheard of')).toBeUndefined();
      expect(await idsOfWaiting(store)).toEqual(['waits and remembers']);
    });
  });
}
