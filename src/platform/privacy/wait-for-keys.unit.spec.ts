import { describe, expect, it } from '@jest/globals';
import type { StoredKey } from './data-key.js';
import { waitForKeys } from './wait-for-keys.js';

const KEY = { kid: '00ff', wrapped: 'AAAA', master: 'm' };
const SHREDDED = { shreddedAt: '2026-11-24T08:00:00.000Z' };

/** A source whose keys arrive with a certain look. */
class ArrivingKeys {
  readonly looks: (readonly string[])[] = [];
  readonly keys = new Map<string, StoredKey>();

  constructor(private readonly arrivals: Readonly<Record<number, readonly string[]>> = {}) {}

  find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    this.looks.push(persons);
    for (const person of this.arrivals[this.looks.length] ?? []) this.keys.set(person, KEY);
    return Promise.resolve(new Map([...this.keys].filter(([person]) => persons.includes(person))));
  }
}

describe('waiting for the keys of persons', () => {
  it('ends as soon as all are there, without searching for erasures', async () => {
    const source = new ArrivingKeys({ 2: ['ada', 'bob'] });
    const found = await waitForKeys(source, () => Promise.reject(new Error('searched')))(['ada', 'bob']);
    expect([...found.keys()].sort()).toEqual(['ada', 'bob']);
    expect(source.looks).toHaveLength(2);
  });

  it('looks again only for those that are missing', async () => {
    const source = new ArrivingKeys({ 1: ['ada'], 3: ['bob'] });
    await waitForKeys(source, () => Promise.reject(new Error('searched')))(['ada', 'bob']);
    expect(source.looks).toEqual([['ada', 'bob'], ['bob'], ['bob']]);
  });

  it('searches for erasures in the end, and finds who was erased', async () => {
    const source = new ArrivingKeys();
    let searches = 0;
    const found = await waitForKeys(source, async () => {
      searches += 1;
      source.keys.set('ada', SHREDDED);
    })(['ada', 'bob']);
    expect(searches).toBe(1);
    expect(found).toEqual(new Map([['ada', SHREDDED]]));
  });

  it('fails if the database or the log does not answer', async () => {
    const away = new Error('away');
    await expect(waitForKeys({ find: () => Promise.reject(away) }, () => Promise.resolve())(['ada'])).rejects.toBe(
      away,
    );
    await expect(waitForKeys(new ArrivingKeys(), () => Promise.reject(away))(['ada'])).rejects.toBe(away);
  });
});
