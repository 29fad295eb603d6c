import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecentMap } from './recent-map.js';

const MAX = 10;
const KEPT_MS = 60_000;

describe('a map of what is recent', () => {
  let now: number;
  let map: RecentMap<string, number>;

  beforeEach(() => {
    now = 1_000;
    map = new RecentMap(MAX, KEPT_MS, () => now);
  });

  it('has the newest value of a key, until that is deleted', () => {
    map.set('a', 1);
    map.set('a', 2);
    expect(map.get('a')).toBe(2);
    map.delete('a');
    expect([map.get('a'), map.get('b')]).toEqual([undefined, undefined]);
  });

  it('has at least the newest half of the entries, and never more than all', () => {
    const keys = Array.from({ length: 95 }, (_, index) => `key ${index}`);
    for (const [index, key] of keys.entries()) {
      map.set(key, index);
      const there = keys.map((each) => map.get(each)).filter((each) => each !== undefined);
      expect(there.length).toBeLessThanOrEqual(MAX);
      expect(there.slice(-MAX / 2)).toEqual([...keys.keys()].slice(0, index + 1).slice(-MAX / 2));
    }
  });

  it('has an entry for half of the time at least, and for the whole time at most', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(KEPT_MS), { maxLength: 20 }), (pauses) => {
        map.set('a', 1);
        const from = now;
        for (const pause of pauses) {
          now += pause;
          if (now - from > KEPT_MS) expect(map.get('a')).toBeUndefined();
          if (now - from < KEPT_MS / 2) expect(map.get('a')).toBe(1);
          map.set('another', 1);
        }
      }),
    );
  });

  it('has no old value of a key once a newer one is forgotten', () => {
    map.set('a', 1);
    now += KEPT_MS / 2;
    map.set('a', 2);
    map.delete('a');
    expect(map.get('a')).toBeUndefined();
  });
});
