import { beforeEach, describe, expect, it } from '@jest/globals';
import { waitForHistory } from './wait-for-history.js';
import type { History } from './history.js';

describe('waiting for a history', () => {
  let reads: number;
  let newest: number;
  /** The version that the third read finds. */
  let comes: number;
  const history = {
    newestVersion: () => {
      reads += 1;
      if (reads === 3) newest = comes;
      return Promise.resolve(newest);
    },
  } as unknown as History;

  beforeEach(() => {
    [reads, newest, comes] = [0, 1, 1];
  });

  it('reads once where the version is there', async () => {
    await waitForHistory(history, 'a', 1);

    expect(reads).toBe(1);
  });

  it('goes on when the version has come', async () => {
    comes = 2;
    await waitForHistory(history, 'a', 2);

    expect(reads).toBe(3);
  });

  it('gives up after seven reads', async () => {
    await waitForHistory(history, 'a', 2);

    expect(reads).toBe(7);
  });
});
