import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Restored } from '../aggregate/aggregates.js';
import { created, type Item } from '../testing/items.js';
import type { StoredKey, WrappedKey } from './data-key.js';
import type { KeyStore, PersonsKey } from './rotate-keys.js';

/** A store of aggregates that are persons. */
export interface Persons {
  readonly keys: KeyStore;
  restore(states: readonly Restored<Item>[]): Promise<void>;
}

export interface KeyStoreFixture {
  /** The same empty store, as so many processes have it. */
  readonly stores: readonly Persons[];
  dispose(): Promise<void>;
}

let wrappings = 0;
/** A key as it is wrapped once more: with the same id, and other bytes. */
const wrappedAgain = (kid: string, master = 'm'): WrappedKey => ({ kid, wrapped: `wrapped ${++wrappings}`, master });

/** What is true of every store of persons, as far as their keys are concerned. */
export function keyStoreContract(name: string, openFixture: () => Promise<KeyStoreFixture>): void {
  describe(`${name} as a store of keys`, () => {
    let fixture: KeyStoreFixture;
    let store: Persons;

    beforeEach(async () => {
      fixture = await openFixture();
      store = fixture.stores[0]!;
    });
    afterEach(() => fixture.dispose());

    async function restore(id: string, key?: StoredKey, isErased = false): Promise<void> {
      const state = { ...created(id).state, ...(isErased && { erased: true as const }) };
      await store.restore([{ id, version: 1, state, ...(key && { key }) }]);
    }
    const keyOf = async (id: string) => (await store.keys.find([id])).get(id);
    async function all(): Promise<PersonsKey[]> {
      const found: PersonsKey[] = [];
      for await (const each of store.keys.allKeys()) found.push(each);
      return found;
    }

    it('finds the keys of persons who have one', async () => {
      const key = wrappedAgain('a');
      await restore('ada', key);
      await restore('bob');
      expect(await store.keys.find(['ada', 'bob', 'eve'])).toEqual(new Map([['ada', key]]));
      expect(await store.keys.find([])).toEqual(new Map());
    });

    it('finds what remains of the keys of erased persons, and no other', async () => {
      const [key, shredded] = [wrappedAgain('a'), { shreddedAt: '2026-11-24T08:00:00.000Z' }];
      await restore('ada', key);
      await restore('bob', shredded, true);
      await restore('eve');
      expect(await store.keys.findShredded(['ada', 'bob', 'eve', 'zoe'])).toEqual(new Map([['bob', shredded]]));
      expect(await store.keys.findShredded([])).toEqual(new Map());
    });

    it('lists all persons in order, with their keys', async () => {
      const [key, shredded] = [wrappedAgain('c'), { shreddedAt: '2026-11-24T08:00:00.000Z' }];
      await restore('c', key);
      await restore('b', shredded, true);
      await restore('a');
      expect(await all()).toEqual([
        { id: 'a', isErased: false },
        { id: 'b', key: shredded, isErased: true },
        { id: 'c', key, isErased: false },
      ]);
    });

    it('sets keys that are as they were, and says which', async () => {
      const [first, second, third] = [wrappedAgain('a'), wrappedAgain('a', 'm2'), wrappedAgain('b')];
      await restore('ada', first);
      await restore('bob');
      const changes = [
        { id: 'ada', from: await keyOf('ada'), to: second },
        { id: 'bob', from: undefined, to: third },
      ];
      expect(await store.keys.setKeys(changes)).toEqual(['ada', 'bob']);
      expect(await store.keys.find(['ada', 'bob'])).toEqual(
        new Map([
          ['ada', second],
          ['bob', third],
        ]),
      );
      expect(await store.keys.setKeys([])).toEqual([]);
    });

    it('sets no key that is another one by now, even if it is the same key wrapped again, and says so', async () => {
      const [first, second, third] = [wrappedAgain('a'), wrappedAgain('a'), wrappedAgain('a')];
      await restore('ada', first);
      await store.keys.setKeys([{ id: 'ada', from: first, to: second }]);
      expect(await store.keys.setKeys([{ id: 'ada', from: first, to: third }])).toEqual([]);
      expect(await store.keys.setKeys([{ id: 'ada', from: undefined, to: third }])).toEqual([]);
      expect(await keyOf('ada')).toEqual(second);
    });

    it('sets no key of a person who is erased, or is not there', async () => {
      const shredded = { shreddedAt: '2026-11-24T08:00:00.000Z' };
      await restore('ada', shredded, true);
      await restore('bob', undefined, true);
      const to = wrappedAgain('a');
      const changes = [
        { id: 'ada', from: shredded, to },
        { id: 'bob', from: undefined, to },
        { id: 'eve', from: undefined, to },
      ];
      expect(await store.keys.setKeys(changes)).toEqual([]);
      expect(await store.keys.find(['ada', 'bob', 'eve'])).toEqual(new Map([['ada', shredded]]));
      expect((await all()).map(({ id }) => id)).toEqual(['ada', 'bob']);
    });

    it('sets one of several keys that processes make at the same time, and says which', async () => {
      const id = `person-${randomUUID()}`;
      await restore(id);
      const made = Array.from({ length: 8 }, (_, index) => wrappedAgain(`kid ${index}`));
      const outcomes = await Promise.all(
        made.map((to, index) =>
          fixture.stores[index % fixture.stores.length]!.keys.setKeys([{ id, from: undefined, to }]),
        ),
      );
      const winners = made.filter((_, index) => outcomes[index]!.length > 0);
      expect(winners).toHaveLength(1);
      expect(await keyOf(id)).toEqual(winners[0]);
    });
  });
}
