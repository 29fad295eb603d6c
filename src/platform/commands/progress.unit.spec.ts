import { describe, expect, it } from '@jest/globals';
import { describeProgress } from './progress.js';

describe('progress', () => {
  it.each([
    [{ read: 0, total: 0 }, 1_000, '100 %, 0 of 0 records, 0/s, 1.0 s'],
    [{ read: 0, total: 10 }, 1_000, '0 %, 0 of 10 records, 0/s, ? s left'],
    [{ read: 5_000, total: 200_000 }, 500, '2 %, 5,000 of 200,000 records, 10,000/s, 20 s left'],
    [{ read: 199_999, total: 200_000 }, 20_000, '99 %, 199,999 of 200,000 records, 10,000/s, 1 s left'],
    [{ read: 200_000, total: 200_000 }, 20_000, '100 %, 200,000 of 200,000 records, 10,000/s, 20.0 s'],
  ])('of %j after %d ms is shown as %s', (progress, elapsedMs, line) => {
    expect(describeProgress(progress, elapsedMs)).toBe(line);
  });
});
