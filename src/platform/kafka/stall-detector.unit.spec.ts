import { describe, expect, it } from '@jest/globals';
import { StallDetector } from './stall-detector.js';

describe('a stall detector', () => {
  function checksUntilReplaced(detector: StallDetector, stalled: readonly string[]): number {
    for (let checks = 1; checks <= 10_000; checks += 1) if (detector.note(stalled)) return checks;
    throw new Error('it is never replaced');
  }

  it('reports a stall when one partition makes no progress for several checks', () => {
    const detector = new StallDetector();
    for (let check = 1; check < 8; check += 1) expect(detector.note(['a/1', `b/${check}`])).toBe(false);
    expect(detector.suspect).toBe('a/1');
    expect(detector.note(['a/1'])).toBe(true);
    expect(detector.suspect).toBeUndefined();
  });

  it('reports none when each partition makes progress now and then', () => {
    const detector = new StallDetector();
    for (let look = 0; look < 1_000; look += 1) {
      const stalled = ['a/1', 'a/2', 'a/3'].filter((_, index) => look % 7 !== index);
      expect(detector.note(stalled)).toBe(false);
    }
  });

  it('waits longer after each replacement that did not help, until there is progress', () => {
    const detector = new StallDetector();
    const looks = Array.from({ length: 9 }, () => checksUntilReplaced(detector, ['a/1']));
    expect(looks).toEqual([8, 16, 32, 64, 128, 256, 512, 512, 512]);
    detector.note([]);
    expect(checksUntilReplaced(detector, ['a/1'])).toBe(8);
  });
});
