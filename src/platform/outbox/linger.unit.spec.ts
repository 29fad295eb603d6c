import { describe, expect, it } from '@jest/globals';
import { lingerAfter } from './linger.js';

describe('the delay before the next batch', () => {
  it('is none after a single event, or none', () => {
    expect([0, 1].map(lingerAfter)).toEqual([0, 0]);
  });

  it('grows with the last batch, up to a maximum', () => {
    const delays = [2, 10, 50, 81, 500].map(lingerAfter);

    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(delays[0]).toBeLessThan(1);
    expect(delays.slice(-2)).toEqual([40, 40]);
  });
});
