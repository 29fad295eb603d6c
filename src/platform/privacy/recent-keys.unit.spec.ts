import { beforeEach, describe, expect, it } from '@jest/globals';
import { gate } from '../testing/gate.js';
import type { StoredKey, WrappedKey } from './data-key.js';
import type { KeyCopies } from './key-source.js';
import { withRecentKeys } from './recent-keys.js';

const KEY: WrappedKey = { kid: '00ff', wrapped: 'AAAA', master: 'm' };
const SHREDDED = { shreddedAt: '2026-11-24T08:00:00.000Z' };

describe('keys that were stored a moment ago', () => {
  let stored: Map<string, StoredKey>;
  let lookedUp: string[];
  let put: () => Promise<void>;
  let keys: KeyCopies;
  beforeEach(() => {
    put = () => Promise.resolve();
    stored = new Map();
    lookedUp = [];
    keys = withRecentKeys({
      find: (persons) => {
        lookedUp.push(...persons);
        return Promise.resolve(new Map([...stored].filter(([person]) => persons.includes(person))));
      },
      put: async (more) => {
        await put();
        const taken = [...more].filter(([person]) => !stored.has(person));
        for (const [person, key] of taken) stored.set(person, key);
        return new Set(taken.map(([person]) => person));
      },
      remove: async (persons) => {
        for (const person of persons) stored.delete(person);
      },
      removed: () => Promise.resolve(new Set()),
      shred: async (persons) => {
        for (const person of persons.keys()) stored.set(person, SHREDDED);
      },
    });
  });
  const found = async (person: string) => (await keys.find([person])).get(person);

  it('are found without a look into the database', async () => {
    await keys.put(new Map([['ada', KEY]]));
    stored.set('bob', KEY);
    expect(await keys.find(['ada', 'bob', 'eve'])).toEqual(
      new Map([
        ['ada', KEY],
        ['bob', KEY],
      ]),
    );
    expect(lookedUp).toEqual(['bob', 'eve']);
  });

  it('are waited for while they are being stored', async () => {
    const { opened, open } = gate();
    put = () => opened;
    const storing = keys.put(new Map([['ada', KEY]]));
    const finding = found('ada');
    expect(await found('bob')).toBeUndefined();
    expect(lookedUp).toEqual(['bob']);

    open();

    expect(await finding).toEqual(KEY);
    await storing;
    expect(lookedUp).toEqual(['bob']);
  });

  it('are looked up if they could not be stored', async () => {
    put = () => Promise.reject(new Error('the database is away'));
    const storing = keys.put(new Map([['ada', KEY]]));
    const finding = found('ada');
    await expect(storing).rejects.toThrow('the database is away');

    expect(await finding).toBeUndefined();
    expect(lookedUp).toEqual(['ada']);
  });

  it('are not found any more once they are removed or shredded', async () => {
    await keys.put(
      new Map([
        ['ada', KEY],
        ['bob', KEY],
      ]),
    );
    await keys.remove(['ada']);
    await keys.shred(new Map([['bob', SHREDDED.shreddedAt]]));
    expect([await found('ada'), await found('bob')]).toEqual([undefined, SHREDDED]);
  });

  it('are none that the database has not taken, because the person is erased', async () => {
    stored.set('ada', SHREDDED);
    await keys.put(new Map([['ada', KEY]]));
    expect(await found('ada')).toEqual(SHREDDED);
  });
});
