import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AggregatesFixture, type ItemStore, pendingOf, unpublishedOf } from '../testing/item-stores.js';
import { changed, created, type Item } from '../testing/items.js';
import { type StoredAggregate, VersionConflict } from './aggregates.js';
import { eventOf } from './pending-event.js';
import { outboxContract } from './outbox.contract.js';
import { pendingEventContract } from './pending-event.contract.js';
import { rememberingContract } from './remembering.contract.js';
import { restoringContract } from './restoring.contract.js';

/** What is true of every aggregate store and its outbox. */
export function aggregatesContract(name: string, openFixture: () => Promise<AggregatesFixture>): void {
  describe(`${name} and the pending event`, () => pendingEventContract(openFixture));
  describe(`${name} and its outbox`, () => outboxContract(openFixture));
  describe(`${name} and the commands that it remembers`, () => rememberingContract(openFixture));
  describe(`${name} rebuilt from the log`, () => restoringContract(openFixture));

  describe(`${name} as an aggregate store`, () => {
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

    async function found(id: string, from: ItemStore = store): Promise<StoredAggregate<Item>> {
      const stored = await from.find(id);
      if (!stored) throw new Error(`there is no ${id}`);
      return stored;
    }

    /** Saves all at the same moment, from all processes in turn, and tells which were refused. */
    async function conflictsOf(saves: readonly [StoredAggregate<Item> | undefined, ReturnType<typeof created>][]) {
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
        const { state } = created('a');
        await store.save(undefined, created('a'));

        const stored = await found('a');
        expect(stored.state).toEqual(state);
        expect((await pendingOf(store, 'a')).map(eventOf)).toMatchObject([
          { sequence: '1', data: { item: state, changed: ['/name', '/tags'] } },
        ]);
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
        const { state } = await saved('a', 3);
        const pending = await pendingOf(store, 'a');

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
        expect(await pendingOf(store, 'a')).toHaveLength(1);
      });

      it('lets exactly one of many concurrent changes of a version through', async () => {
        const before = await saved('a');
        const names = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
        const conflicts = await conflictsOf(names.map((each) => [before, changed(before.state, each)]));

        const winners = names.filter((_, index) => !conflicts[index]);
        expect(winners).toHaveLength(1);
        expect((await found('a')).state).toMatchObject({ version: 2, name: winners[0] });
        expect((await pendingOf(store, 'a')).map(({ version }) => version)).toEqual([1, 2]);
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
        expect(after.every(({ state }) => state.version === 2)).toBe(true);
        expect((await unpublishedOf(store)).map(({ pending }) => pending.length)).toEqual(ids.map(() => 2));
      });

      it('keeps states and events over the end of the process', async () => {
        const before = await saved('a', 2);

        const next = await fixture.reopen();

        expect(await next.find('a')).toEqual(before);
        expect((await unpublishedOf(next)).map(({ id }) => id)).toEqual(['a']);
        await next.save(before, changed(before.state, 'after'));
        expect(await pendingOf(next, 'a')).toHaveLength(3);
      });
    });
  });
}
