import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AggregatesFixture, ItemStore } from '../testing/item-stores.js';
import { changed, created, type Item } from '../testing/items.js';
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
    const idempotency = { key: 'k', request: 'f' };
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

  describe('the responses of an erased aggregate', () => {
    const kept = { key: 'k', at: '2026-01-01T00:00:00.000Z', version: 1 };
    const commands = [{ ...kept, request: 'r', answer: created('a').state }];
    const erased = (id: string): Item => ({ ...created(id).state, erased: true });
    const commandsOf = async (id: string) => (await store.find(id))?.commands;

    it('are not adopted by a store that was rebuilt from a log with the erasure, unlike those of another', async () => {
      await store.restore([
        { id: 'a', version: 1, state: erased('a') },
        { id: 'b', version: 1, state: created('b').state },
      ]);

      await store.adopt(['a', 'b'].map((id) => ({ id, pending: [], commands })));

      expect(await Promise.all(['a', 'b'].map(commandsOf))).toEqual([[kept], commands]);
    });

    it('are dropped when the log tells of the erasure again', async () => {
      await store.save(undefined, { ...created('a'), state: erased('a'), commands });
      await store.restore([{ id: 'a', version: 1, state: erased('a') }]);
      expect(await commandsOf('a')).toEqual([kept]);
    });
  });

  describe('forgetting commands', () => {
    const [OLD, BEFORE, YOUNG] = ['2026-01-01T07:59:59.999Z', '2026-01-01T08:00:00.000Z', '2026-01-01T08:00:00.001Z'];
    const command = (key: string, at: string, version = 1) => ({ key, request: `r-${key}`, at, version });
    const commandsOf = async (id: string) => (await store.find(id))?.commands;

    it('drops those of before a time, and changes nothing else', async () => {
      const commands = [command('old', OLD), command('on time', BEFORE), command('young', YOUNG)];
      await store.save(undefined, { ...created('a'), commands });
      // How many bytes the document has is less afterwards.
      const { pending: waited, ...before } = (await store.find('a'))!;

      expect(await store.forgetCommands(BEFORE)).toBe(1);

      const { pending, ...after } = (await store.find('a'))!;
      expect(after).toEqual({ ...before, commands: commands.slice(1) });
      expect(pending?.oldest).toBe(waited?.oldest);
    });

    it('finds them when their time has come, and once', async () => {
      await store.save(undefined, { ...created('a'), commands: [command('a', OLD)] });
      await store.save(undefined, { ...created('b'), commands: [command('b', YOUNG)] });
      await store.save(undefined, created('c'));

      expect(await store.forgetCommands(OLD)).toBe(0);
      expect(await store.forgetCommands(BEFORE)).toBe(1);
      expect(await store.forgetCommands(BEFORE)).toBe(0);
      expect(await Promise.all(['a', 'b', 'c'].map(commandsOf))).toEqual([[], [command('b', YOUNG)], []]);
      expect(await store.forgetCommands('9999')).toBe(1);
      expect(await commandsOf('b')).toEqual([]);
    });

    it('finds them wherever the aggregate has been since', async () => {
      await store.save(undefined, { ...created('a'), commands: [command('1', OLD)] });
      const before = (await store.find('a'))!;
      await store.save(before, {
        ...changed(before.state, 'x'),
        commands: [command('1', OLD), command('2', YOUNG, 2)],
      });
      await store.trim(new Map([['a', 2]]));

      expect(await store.forgetCommands(BEFORE)).toBe(1);
      expect(await commandsOf('a')).toEqual([command('2', YOUNG, 2)]);

      const between = (await store.find('a'))!;
      await store.save(between, changed(between.state, 'y'));
      expect(await store.forgetCommands('9999')).toBe(0);
    });

    it('takes as many as there are', async () => {
      const ids = Array.from({ length: 1_100 }, (_, index) => `item-${index}`);
      await Promise.all(ids.map((id) => store.save(undefined, { ...created(id), commands: [command(id, OLD)] })));

      expect(await store.forgetCommands(BEFORE)).toBe(ids.length);
      expect(await store.forgetCommands(BEFORE)).toBe(0);
    });

    it('finds those that were adopted by a store that was rebuilt', async () => {
      await store.save(undefined, created('a'));
      await store.adopt([{ id: 'a', pending: [], commands: [command('a', OLD)] }]);

      expect(await store.forgetCommands(BEFORE)).toBe(1);
      expect(await commandsOf('a')).toEqual([]);
    });

    it('takes what earlier versions stored of the request off every command, however young', async () => {
      const { request: _, ...kept } = command('k', YOUNG);
      const commands = [
        { ...command('old', OLD), fingerprint: 'f' },
        { ...kept, fingerprint: 'f' },
      ];
      await store.save(undefined, { ...created('a'), commands });
      await store.save(undefined, { ...created('b'), commands: [command('b', YOUNG)] });

      expect(await store.forgetCommands(BEFORE)).toBe(1);

      expect(await Promise.all(['a', 'b'].map(commandsOf))).toEqual([[kept], [command('b', YOUNG)]]);
    });

    it('loses no change that is made meanwhile', async () => {
      const ids = Array.from({ length: 50 }, (_, index) => `item-${index}`);
      await Promise.all(ids.map((id) => store.save(undefined, { ...created(id), commands: [command(id, OLD)] })));
      const all = await Promise.all(ids.map((id) => store.find(id)));

      await Promise.all([
        store.forgetCommands(BEFORE),
        ...all.map((before) =>
          store.save(before, { ...changed(before!.state, 'x'), commands: [command('new', YOUNG, 2)] }),
        ),
      ]);

      for (const id of ids) {
        expect(await store.find(id)).toMatchObject({ state: { version: 2 }, commands: [command('new', YOUNG, 2)] });
      }
    });
  });
}
