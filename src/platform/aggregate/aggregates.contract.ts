import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import type { AggregatesFixture, ItemStore } from '../../../test/support/item-stores.js';
import { changed, created, type Item } from '../../../test/support/items.js';
import { type Stored, type Unpublished, VersionConflict } from './aggregates.js';
import { eventOf } from './pending-event.js';
import { pendingEventContract } from './pending-event.contract.js';
import { rememberingContract } from './remembering.contract.js';
import { restoringContract } from './restoring.contract.js';

/** What is true of every aggregate store and its outbox. */
export function aggregatesContract(name: string, openFixture: () => Promise<AggregatesFixture>): void {
  describe(`${name} and the pending event`, () => pendingEventContract(openFixture));
  describe(`${name} and the commands that it remembers`, () => rememberingContract(openFixture));
  describe(`${name} rebuilt from the log`, () => restoringContract(openFixture));

  describe(`${name} as an aggregate store with an outbox`, () => {
    let fixture: AggregatesFixture;
    let store: ItemStore;

    beforeEach(async () => {
      fixture = await openFixture();
      store = fixture.stores[0]!;
    });

    afterEach(() => fixture.dispose());

    async function saved(id: string, version = 1, time?: string): Promise<Stored<Item>> {
      await store.save(undefined, created(id, time));
      for (let current = 1; current < version; current += 1) {
        const before = await found(id);
        await store.save(before, changed(before.state, `name ${current + 1}`, time));
      }
      return found(id);
    }

    async function found(id: string, from: ItemStore = store): Promise<Stored<Item>> {
      const stored = await from.find(id);
      if (!stored) throw new Error(`there is no ${id}`);
      return stored;
    }

    /** Saves all at the same moment, from all processes in turn, and tells which were refused. */
    async function conflictsOf(saves: readonly [Stored<Item> | undefined, ReturnType<typeof created>][]) {
      const outcomes = await Promise.allSettled(
        saves.map(([before, change], index) => fixture.stores[index % fixture.stores.length]!.save(before, change)),
      );
      return outcomes.map((outcome) => {
        if (outcome.status === 'fulfilled') return false;
        expect(outcome.reason).toBeInstanceOf(VersionConflict);
        return true;
      });
    }

    describe('saving', () => {
      it('finds nothing where nothing was saved', async () => {
        expect(await store.find(randomUUID())).toBeUndefined();
      });

      it('finds the state as it was saved, together with its pending event', async () => {
        const { state, event, commands } = created('a');
        await store.save(undefined, { state, event, commands });

        const stored = await found('a');
        expect(stored.state).toEqual(state);
        expect(stored.pending.map(eventOf)).toMatchObject([{ sequence: '1', data: event.data }]);
      });

      it('finds the commands that the aggregate is to remember, and those alone', async () => {
        const remembered = { key: 'k', request: 'f', at: '2026-01-01T00:00:00.000Z', version: 1 };
        await store.save(undefined, { ...created('a'), commands: [remembered] });
        const before = await found('a');
        expect(before.commands).toEqual([remembered]);

        const another = { ...remembered, key: 'l', version: 2, answer: before.state };
        await store.save(before, { ...changed(before.state, 'x'), commands: [another] });
        expect((await found('a')).commands).toEqual([another]);
      });

      it('replaces the state and adds to what is pending, oldest first', async () => {
        const { state, pending } = await saved('a', 3);

        expect(state).toMatchObject({ id: 'a', version: 3, name: 'name 3' });
        expect(pending.map(({ version }) => version)).toEqual([1, 2, 3]);
        expect(pending.map((entry) => eventOf(entry).sequence)).toEqual(['1', '2', '3']);
      });

      it('takes a member of the state away with the change that has it no more', async () => {
        const before = await saved('a');
        const { tags: _, ...untagged } = before.state;
        await store.save(before, { ...changed(before.state, 'x'), state: { ...untagged, version: 2 } });

        expect((await found('a')).state).not.toHaveProperty('tags');
      });

      it('refuses to create what is there', async () => {
        const before = await saved('a');

        await expect(store.save(undefined, created('a'))).rejects.toThrow(VersionConflict);
        expect(await found('a')).toEqual(before);
      });

      it('refuses a change of a version that is no more the current one', async () => {
        const stale = await saved('a');
        await store.save(stale, changed(stale.state, 'first'));
        const current = await found('a');

        await expect(store.save(stale, changed(stale.state, 'second'))).rejects.toThrow(VersionConflict);
        expect(await found('a')).toEqual(current);
      });

      it('lets exactly one of many concurrent creations through', async () => {
        const conflicts = await conflictsOf(Array.from({ length: 20 }, () => [undefined, created('a')]));

        expect(conflicts.filter((conflict) => !conflict)).toHaveLength(1);
        expect((await found('a')).pending).toHaveLength(1);
      });

      it('lets exactly one of many concurrent changes of a version through', async () => {
        const before = await saved('a');
        const names = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
        const conflicts = await conflictsOf(names.map((each) => [before, changed(before.state, each)]));

        const winners = names.filter((_, index) => !conflicts[index]);
        expect(winners).toHaveLength(1);
        expect((await found('a')).state).toMatchObject({ version: 2, name: winners[0] });
        expect((await found('a')).pending.map(({ version }) => version)).toEqual([1, 2]);
      });

      it('leaves the saves beside a refused one untouched', async () => {
        const ids = Array.from({ length: 50 }, (_, index) => `item-${index}`);
        const before = await Promise.all(ids.map((id) => saved(id)));
        const isStale = (index: number): boolean => index % 5 === 0;
        for (const [index, stored] of before.entries()) {
          if (isStale(index)) await store.save(stored, changed(stored.state, 'meanwhile'));
        }

        const conflicts = await conflictsOf(before.map((stored) => [stored, changed(stored.state, 'late')]));

        expect(conflicts).toEqual(ids.map((_, index) => isStale(index)));
        const after = await Promise.all(ids.map((id) => found(id)));
        expect(after.map(({ state }) => state.name)).toEqual(ids.map((_, i) => (isStale(i) ? 'meanwhile' : 'late')));
        expect(after.every(({ state, pending }) => state.version === 2 && pending.length === 2)).toBe(true);
      });

      it('keeps states and events over the end of the process', async () => {
        const before = await saved('a', 2);

        const next = await fixture.reopen();

        expect(await next.find('a')).toEqual(before);
        expect((await next.unpublished('9999', 10)).map(({ id }) => id)).toEqual(['a']);
        await next.save(before, changed(before.state, 'after'));
        expect((await next.find('a'))?.pending).toHaveLength(3);
      });
    });

    describe('its outbox', () => {
      it('tells of a commit with all that the aggregate has pending, and not of a refused save', async () => {
        const told: Unpublished[] = [];
        store.onCommit((unpublished) => told.push(unpublished));
        const before = await saved('a');
        await store.save(before, changed(before.state, 'x'));
        await expect(store.save(before, changed(before.state, 'y'))).rejects.toThrow(VersionConflict);

        const { pending } = await found('a');
        expect(told).toEqual([
          { id: 'a', pending: pending.slice(0, 1) },
          { id: 'a', pending },
        ]);
      });

      it('gives what is unpublished, oldest first', async () => {
        await saved('second', 1, '2026-01-02T00:00:00.000Z');
        await saved('third', 1, '2026-01-03T00:00:00.000Z');
        await saved('first', 2, '2026-01-01T00:00:00.000Z');

        const unpublished = await store.unpublished('2026-02-01T00:00:00.000Z', 10);

        expect(unpublished.map(({ id }) => id)).toEqual(['first', 'second', 'third']);
        expect(unpublished[0]).toEqual({ id: 'first', pending: (await found('first')).pending });
      });

      it('gives of the unpublished no more than asked for, and nothing as young as the given time', async () => {
        await saved('a', 1, '2026-01-01T00:00:00.000Z');
        await saved('b', 1, '2026-01-02T00:00:00.000Z');
        await saved('c', 1, '2026-01-03T00:00:00.000Z');
        const idsOf = async (before: string, limit: number) =>
          (await store.unpublished(before, limit)).map(({ id }) => id);

        expect(await idsOf('2026-01-04T00:00:00.000Z', 2)).toEqual(['a', 'b']);
        expect(await idsOf('2026-01-03T00:00:00.000Z', 10)).toEqual(['a', 'b']);
        expect(await idsOf('2026-01-01T00:00:00.000Z', 10)).toEqual([]);
      });

      it('gives an aggregate once, whose events are of several times, with the younger ones too', async () => {
        await saved('a', 1, '2026-01-01T00:00:00.000Z');
        const before = await found('a');
        await store.save(before, changed(before.state, 'x', '2026-01-09T00:00:00.000Z'));

        const unpublished = await store.unpublished('2026-01-02T00:00:00.000Z', 10);

        expect(unpublished.map(({ id, pending }) => [id, pending.length])).toEqual([['a', 2]]);
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

        const pendingOf = async (id: string) => (await found(id)).pending.map(({ version }) => version);
        // A trim may take a moment to be seen: all that can come of it is a duplicate in the log.
        await eventually(async () => {
          expect([await pendingOf('a'), await pendingOf('b'), await pendingOf('c')]).toEqual([[3], [], [1]]);
        });
        expect((await found('a')).state.version).toBe(3);
        expect((await store.unpublished('9999', 10)).map(({ id }) => id).sort()).toEqual(['a', 'c']);
        expect(await store.find('unheard of')).toBeUndefined();
      });

      it('drops nothing that was committed while it was published', async () => {
        const before = await saved('a');
        await Promise.all([store.trim(new Map([['a', 1]])), store.save(before, changed(before.state, 'x'))]);

        await eventually(async () => {
          expect((await found('a')).pending.map(({ version }) => version)).toEqual([2]);
        });
      });

      it('counts what waits and names the oldest of it', async () => {
        expect(await store.backlog()).toEqual({ events: 0 });

        await saved('b', 1, '2026-01-02T00:00:00.000Z');
        await saved('a', 2, '2026-01-01T00:00:00.000Z');
        await saved('published', 2, '2025-01-01T00:00:00.000Z');
        await store.trim(new Map([['published', 2]]));

        await eventually(async () => {
          expect(await store.backlog()).toEqual({ events: 3, oldest: '2026-01-01T00:00:00.000Z' });
        });
      });
    });
  });
}
