import { describe, expect, it } from '@jest/globals';
import { Standstill } from './standstill.js';

describe('a consumer', () => {
  function looksUntilReplaced(standstill: Standstill, standing: readonly string[]): number {
    for (let looks = 1; looks <= 10_000; looks += 1) if (standstill.note(standing)) return looks;
    throw new Error('it is never replaced');
  }

  it('stands still when one partition is behind look after look', () => {
    const standstill = new Standstill();
    for (let look = 1; look < 8; look += 1) expect(standstill.note(['a/1', `b/${look}`])).toBe(false);
    expect(standstill.suspect).toBe('a/1');
    expect(standstill.note(['a/1'])).toBe(true);
    expect(standstill.suspect).toBeUndefined();
  });

  it('does not where each partition moves now and then', () => {
    const standstill = new Standstill();
    for (let look = 0; look < 1_000; look += 1) {
      const standing = ['a/1', 'a/2', 'a/3'].filter((_, index) => look % 7 !== index);
      expect(standstill.note(standing)).toBe(false);
    }
  });

  it('is replaced ever more rarely while that does not help, and as soon as before once it has moved', () => {
    const standstill = new Standstill();
    const looks = Array.from({ length: 9 }, () => looksUntilReplaced(standstill, ['a/1']));
    expect(looks).toEqual([8, 16, 32, 64, 128, 256, 512, 512, 512]);
    standstill.note([]);
    expect(looksUntilReplaced(standstill, ['a/1'])).toBe(8);
  });
});
