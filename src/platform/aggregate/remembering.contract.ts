import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AggregatesFixture, ItemStore } from '../../../test/support/item-stores.js';
import { changed, created, type Item } from '../../../test/support/items.js';
import { createAggregate } from './change-aggregate.js';

const HOURS_24 = 24 * 60 * 60 * 1000;

/** A part of the contract of an aggregate store: the commands that it remembers. */
export function rememberingContract(openFixture: () => Promise<AggregatesFixture>): void {
  let fixture: AggregatesFixture;
  let store: ItemStore;

  beforeEach(async () => {
    fixture = await openFixture();
    store = fixture.stores[0]!;
  });

  afterEach(() => fixture.dispose());

  describe('creating under a key', () => {
    const idempotency = { key: 'k', fingerprint: 'f' };
    const create = (age = 0) =>
      createAggregate(store, (id) => created(id, new Date(Date.now() - age).toISOString()), idempotency);

    /** As a store is that was rebuilt from the log alone. */
    async function rebuiltFromLog(...states: readonly Item[]): Promise<void> {
      await fixture.dispose();
      fixture = await openFixture();
      store = fixture.stores[0]!;
      await store.restore(states.map((state) => ({ id: state.id, version: state.version, state })));
    }

    it('creates nothing a second time after the store was rebuilt from the log', async () => {
      const { state } = await create();
      await rebuiltFromLog(state);

      expect(await create()).toEqual({ state, replayed: true });
      expect(await create()).toEqual({ state, replayed: true });
    });

    it('then returns the current state of what has changed since', async () => {
      const { state } = await create();
      const now = changed(state, 'changed').state;
      await rebuiltFromLog(now);

      expect(await create()).toEqual({ state: now, replayed: true });
    });

    it('is not confused by a clock that was ahead', async () => {
      const { state } = await create(-600_000);
      await rebuiltFromLog(state);

      expect(await create()).toEqual({ state, replayed: true });
    });

    it('creates something new when the 24 hours were over, and that only once', async () => {
      const first = await create(HOURS_24);
      await rebuiltFromLog(first.state);

      const second = await create();
      expect(second.replayed).toBeUndefined();
      expect(second.state.id).not.toBe(first.state.id);

      await rebuiltFromLog(first.state, second.state);
      expect(await create()).toEqual({ state: second.state, replayed: true });
    });
  });
}
