import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VersionConflict } from '../aggregate/aggregates.js';
import { eventOf } from '../aggregate/pending-event.js';
import { type ItemStore, pendingOf } from '../testing/item-stores.js';
import { changed, created, type Item } from '../testing/items.js';
import { isShredded, type StoredKey } from './data-key.js';
import { KeyRing } from './key-ring.js';
import { MasterKeys, newMasterKey } from './master-keys.js';
import type { KeyStore } from './rotate-keys.js';
import { ownKeys, type SealingKeys } from './sealing-keys.js';

/** An empty store of persons that seals the events about them. */
export interface SealingFixture {
  readonly store: ItemStore & { readonly keys: KeyStore };
  dispose(): Promise<void>;
}

/** What is true of every store of persons, as far as keys are concerned that are made with a change. */
export function madeKeysContract(name: string, openFixture: (sealing: SealingKeys) => Promise<SealingFixture>): void {
  describe(`${name} and the key that is made with a change`, () => {
    const ring = new KeyRing(new MasterKeys([newMasterKey()]));
    const about = { owner: 'ada', note: 'a note about ada' };
    let fixture: SealingFixture;
    let store: SealingFixture['store'];

    beforeEach(async () => {
      fixture = await openFixture(ownKeys(ring));
      store = fixture.store;
    });
    afterEach(() => fixture.dispose());

    /** As a person is that was registered before events were sealed. */
    async function withoutKey() {
      await store.restore([{ id: 'ada', version: 1, state: { ...created('ada').state, ...about } }]);
      return found();
    }
    async function setKey(): Promise<StoredKey> {
      const { wrapped } = ring.make('ada');
      expect(await store.keys.setKeys([{ id: 'ada', from: undefined, to: wrapped }])).toEqual(['ada']);
      return wrapped;
    }
    const found = async () => (await store.find('ada'))!;
    async function kidsOfPending(): Promise<unknown[]> {
      const data = (await pendingOf(store, 'ada')).map((each) => eventOf(each).data);
      return data.map((each) => (each as { readonly sealed?: { readonly kid: string } }).sealed?.kid);
    }

    it('stores it with the first event that it seals, and seals the next one with it', async () => {
      const { type, state, commands } = created('ada');
      await store.save(undefined, { type, commands, state: { ...state, ...about } });
      const { key, state: first } = await found();
      await store.save(await found(), changed(first, 'another name'));

      expect((await found()).key).toEqual(key);
      expect(key).toMatchObject({ kid: expect.any(String) });
      expect(new Set(await kidsOfPending())).toEqual(new Set([isShredded(key) ? undefined : key?.kid]));
    });

    it('has it after a restore of a newer state, also of somebody who was restored without one', async () => {
      const before = await withoutKey();
      const { wrapped } = ring.make('ada');
      const state = changed(before.state, 'sealed').state;
      await store.restore([{ id: 'ada', version: 2, state, key: wrapped }]);
      expect(await found()).toMatchObject({ state: { version: 2 }, key: wrapped });
      await store.restore([{ id: 'ada', version: 3, state: changed(state, 'later').state, key: wrapped }]);
      expect(await found()).toMatchObject({ state: { version: 3 }, key: wrapped });
    });

    it('stores it of a person who had none', async () => {
      const before = await withoutKey();
      await store.save(before, changed(before.state, 'another name'));
      expect([(await found()).key]).toMatchObject((await kidsOfPending()).map((kid) => ({ kid })));
    });

    it('refuses it as a conflict when the person has got another one meanwhile, and seals with that one next', async () => {
      const before = await withoutKey();
      const theirs = await setKey();

      await expect(store.save(before, changed(before.state, 'another name'))).rejects.toThrow(VersionConflict);
      expect(await found()).toEqual({ ...before, key: theirs });

      await store.save(await found(), changed(before.state, 'another name'));
      expect((await found()).key).toEqual(theirs);
      expect([theirs]).toMatchObject((await kidsOfPending()).map((kid) => ({ kid })));
    });

    it('destroys one that the person has got meanwhile, with an erasure', async () => {
      const before = await withoutKey();
      await setKey();
      const { note: _, ...rest } = changed(before.state, 'erased').state;
      const state: Item = { ...rest, erased: true };

      await store.save(before, { type: 'changed', state, commands: [], forgets: true });

      expect((await found()).key).toEqual({ shreddedAt: state.updatedAt });
    });
  });
}
