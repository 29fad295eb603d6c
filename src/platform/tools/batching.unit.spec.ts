import { describe, expect, it } from '@jest/globals';
import { gate } from '../testing/gate.js';
import { batched } from './batching.js';

const LIMITS = { maxBatch: 3, maxWaiting: 5 };

describe('coalesce', () => {
  it('flushes a lone call by itself', async () => {
    const flushes: (readonly number[])[] = [];
    const double = batched<number, number>(LIMITS, async (items) => {
      flushes.push(items);
      return items.map((item) => item * 2);
    });

    expect(await double(1)).toBe(2);
    expect(await double(2)).toBe(4);
    expect(flushes).toEqual([[1], [2]]);
  });

  it('puts the calls of one moment into flushes of at most a batch, each with its own result', async () => {
    const flushes: (readonly number[])[] = [];
    const double = batched<number, number>(LIMITS, async (items) => {
      flushes.push(items);
      return items.map((item) => item * 2);
    });

    expect(await Promise.all([1, 2, 3, 4, 5].map((item) => double(item)))).toEqual([2, 4, 6, 8, 10]);
    expect(flushes).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('puts what comes while it flushes into the next flush', async () => {
    const flushes: (readonly number[])[] = [];
    const [begun, held] = [gate(), gate()];
    const call = batched<number, number>(LIMITS, async (items) => {
      flushes.push(items);
      begun.open();
      await held.opened;
      return items;
    });

    const first = call(1);
    await begun.opened;
    const second = call(2);
    await nextTurn();
    const later = call(3);
    held.open();

    expect(await Promise.all([first, second, later])).toEqual([1, 2, 3]);
    expect(flushes).toEqual([[1], [2, 3]]);
  });

  it.each([1, 2, 5])('runs as many flushes at a time as it may, %j', async (maxFlushes) => {
    const held = gate();
    let running = 0;
    const call = batched<number, number>({ maxBatch: 2, maxWaiting: 100, maxFlushes }, async (items) => {
      running += 1;
      await held.opened;
      return items;
    });

    const calls: Promise<number>[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      calls.push(call(turn));
      await nextTurn();
    }

    expect(running).toBe(maxFlushes);
    held.open();
    expect(await Promise.all(calls)).toEqual(calls.map((_, index) => index));
  });

  it('fails every call of a flush that throws, and none of the next', async () => {
    const call = batched<number, number>(LIMITS, async (items) => {
      await nextTurn();
      if (items.includes(2)) throw new Error('the database is away');
      return items;
    });

    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => call(item)));

    expect(outcomes.map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await call(6)).toBe(6);
  });

  it('fails what has waited or been in a flush for too long, and nothing that came later', async () => {
    const held = gate();
    const flushes: (readonly number[])[] = [];
    const call = batched<number, number>({ ...LIMITS, maxBatch: 1, timeoutMs: 300 }, async (items) => {
      flushes.push(items);
      if (items[0] === 1) await held.opened;
      return items;
    });

    const unavailable = { status: 'rejected', reason: { kind: 'unavailable' } };
    expect(await Promise.allSettled([call(1), call(2)])).toMatchObject([unavailable, unavailable]);
    const later = call(3);
    held.open();

    expect(await later).toBe(3);
    expect(flushes).toEqual([[1], [3]]);
  });

  it('refuses as unavailable what is more than may wait, and takes calls again afterwards', async () => {
    const held = gate();
    const call = batched<number, number>(LIMITS, async (items) => {
      await held.opened;
      return items;
    });
    const begun = call(0);
    await nextTurn();
    const taken = [begun, ...[1, 2, 3, 4, 5].map((item) => call(item))];

    await expect(call(6)).rejects.toMatchObject({ kind: 'unavailable' });

    held.open();
    expect(await Promise.all(taken)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await call(7)).toBe(7);
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
