import { describe, expect, it } from '@jest/globals';
import { gate } from '../../test/support/gate.js';
import { coalesce } from './coalesce.js';

const LIMITS = { maxBatch: 3, maxWaiting: 5 };

describe('coalesce', () => {
  it('starts a lone call at once, and by itself', async () => {
    const flushes: (readonly number[])[] = [];
    const double = coalesce<number, number>(LIMITS, async (items) => {
      flushes.push(items);
      return items.map((item) => item * 2);
    });

    expect(await double(1)).toBe(2);
    expect(await double(2)).toBe(4);
    expect(flushes).toEqual([[1], [2]]);
  });

  it('puts the calls that wait together into one flush of at most a batch, each with its own result', async () => {
    const flushes: (readonly number[])[] = [];
    const held = gate();
    const double = coalesce<number, number>(LIMITS, async (items) => {
      flushes.push(items);
      await held.opened;
      return items.map((item) => item * 2);
    });

    const results = [1, 2, 3, 4, 5].map((item) => double(item));
    held.open();

    expect(await Promise.all(results)).toEqual([2, 4, 6, 8, 10]);
    expect(flushes).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('runs one flush at a time', async () => {
    let running = 0;
    let most = 0;
    const call = coalesce<number, number>({ maxBatch: 2, maxWaiting: 100 }, async (items) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return items;
    });

    await Promise.all(Array.from({ length: 50 }, (_, index) => call(index)));

    expect(most).toBe(1);
  });

  it('fails every call of a flush that throws, and none of the next', async () => {
    const held = gate();
    const call = coalesce<number, number>(LIMITS, async (items) => {
      await held.opened;
      if (items.includes(2)) throw new Error('the database is away');
      return items;
    });

    const outcomes = Promise.allSettled([1, 2, 3, 4, 5].map((item) => call(item)));
    held.open();

    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(await call(6)).toBe(6);
  });

  it('refuses as unavailable what is more than may wait, and takes calls again afterwards', async () => {
    const held = gate();
    const call = coalesce<number, number>(LIMITS, async (items) => {
      await held.opened;
      return items;
    });
    // One is being flushed, five wait.
    const taken = [0, 1, 2, 3, 4, 5].map((item) => call(item));

    await expect(call(6)).rejects.toMatchObject({ kind: 'unavailable' });

    held.open();
    expect(await Promise.all(taken)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await call(7)).toBe(7);
  });
});
