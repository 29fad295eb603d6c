import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StoredKey } from './data-key.js';
import { KeyRing } from './key-ring.js';
import { UnusableKey } from './key-wrapper.js';
import { MasterKeys, newMasterKey } from './master-keys.js';
import { type CopiedKeys, copiedKeys, KeyDestroyed, ownKeys } from './sealing-keys.js';

const SHREDDED = { shreddedAt: '2026-11-24T08:00:00.000Z' };

describe('the key that seals an event', () => {
  let wrapper: MasterKeys;
  let ring: KeyRing;
  beforeEach(() => {
    wrapper = new MasterKeys([newMasterKey()]);
    ring = new KeyRing(wrapper);
  });

  describe('of a person with a document of its own', () => {
    it('is made with the first event, to be stored with it', async () => {
      const { key, made } = await ownKeys(ring).keyFor('ada', undefined);
      expect(made?.kid).toBe(key?.kid);
      expect(wrapper.unwrap('ada', made!).kid).toBe(key?.kid);
      const other = await ownKeys(ring).keyFor('bob', undefined);
      expect(other.key?.kid).not.toBe(key?.kid);
    });

    it('is the stored one later, and no new one', async () => {
      const { made } = await ownKeys(ring).keyFor('ada', undefined);
      const again = await ownKeys(new KeyRing(wrapper)).keyFor('ada', made);
      expect(again.key?.kid).toBe(made?.kid);
      expect(again).not.toHaveProperty('made');
    });

    it('does not exist any more once the person is erased', async () => {
      await expect(ownKeys(ring).keyFor('ada', SHREDDED)).rejects.toThrow(KeyDestroyed);
    });

    it('cannot be made without a master key', async () => {
      const sealing = async () => ownKeys(new KeyRing(new MasterKeys([]))).keyFor('ada', undefined);
      await expect(sealing()).rejects.toMatchObject({ kind: 'unavailable' });
    });

    it('cannot be that of another person', async () => {
      const { made } = await ownKeys(new KeyRing(wrapper)).keyFor('ada', undefined);
      await expect((async () => ownKeys(ring).keyFor('bob', made))()).rejects.toThrow(UnusableKey);
    });
  });

  describe('of a person of another context', () => {
    const copies = (
      keys: Readonly<Record<string, StoredKey>>,
      { areWhole = true, removed = [''] } = {},
    ): CopiedKeys => ({
      find: (persons) => Promise.resolve(new Map(Object.entries(keys).filter(([person]) => persons.includes(person)))),
      removed: (persons) => Promise.resolve(new Set(removed.filter((person) => persons.includes(person)))),
      areWhole: () => Promise.resolve(areWhole),
    });

    it('is the copy, whatever the aggregate has stored', async () => {
      const { wrapped } = ring.make('ada');
      const sealing = copiedKeys(ring, copies({ ada: wrapped }));
      expect((await sealing.keyFor('ada', undefined)).key?.kid).toBe(wrapped.kid);
      expect((await sealing.keyFor('ada', SHREDDED)).key?.kid).toBe(wrapped.kid);
    });

    it('is none if the person never had one, so that the event is in clear text', async () => {
      expect(await copiedKeys(ring, copies({})).keyFor('ada', undefined)).toEqual({});
    });

    it.each([
      ['the copies do not have all keys yet', { areWhole: false }],
      ['the person had one, and its end came before the erasure', { removed: ['ada'] }],
    ])('is awaited if %s', async (_, state) => {
      const sealing = copiedKeys(ring, copies({ bob: ring.make('bob').wrapped }, state));
      await expect(sealing.keyFor('ada', undefined)).rejects.toMatchObject({ kind: 'unavailable' });
      expect(await sealing.keyFor('bob', undefined)).toHaveProperty('key');
    });

    it('does not exist any more once the person is erased', async () => {
      await expect(copiedKeys(ring, copies({ ada: SHREDDED })).keyFor('ada', undefined)).rejects.toThrow(KeyDestroyed);
    });
  });
});
