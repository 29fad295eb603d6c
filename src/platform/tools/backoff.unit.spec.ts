import { describe, expect, it } from '@jest/globals';
import { gate } from '../testing/gate.js';
import { backoffDelay, retryUntilDone } from './backoff.js';

describe('the back-off', () => {
  it.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [6, 3_200],
    [7, 5_000],
    [1_000_000, 5_000],
  ])('after %i failures is at most %i ms, and at least half of that', (failures, longest) => {
    for (let each = 0; each < 200; each += 1) {
      const delay = backoffDelay(failures);
      expect(delay).toBeGreaterThanOrEqual(longest / 2);
      expect(delay).toBeLessThanOrEqual(longest);
    }
  });

  it('is not the same for all', () => {
    expect(new Set(Array.from({ length: 20 }, () => backoffDelay(7))).size).toBeGreaterThan(1);
  });
});

describe('retrying', () => {
  it('answers what the first success answers, and tells of every failure before it', async () => {
    const errors = [new Error('one'), new Error('two')];
    const told: unknown[] = [];
    const remaining = [...errors];
    const attempt = () => {
      const error = remaining.shift();
      return error ? Promise.reject(error) : Promise.resolve('done');
    };

    const result = await retryUntilDone(attempt, {
      signal: new AbortController().signal,
      onFailure: (error, failures) => told.push([error, failures]),
    });

    expect(result).toBe('done');
    expect(told).toEqual([
      [errors[0], 1],
      [errors[1], 2],
    ]);
  });

  it('tries nothing when it is stopped already', async () => {
    const reason = new Error('the process stops');
    let attempts = 0;
    const attempt = () => Promise.resolve((attempts += 1));

    await expect(retryUntilDone(attempt, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(attempts).toBe(0);
  });

  it('stops waiting with the reason when it is stopped between two tries', async () => {
    const stopping = new AbortController();
    const reason = new Error('the process stops');
    const failed = gate();
    const result = retryUntilDone(() => Promise.reject(new Error('away')), {
      signal: stopping.signal,
      onFailure: failed.open,
    });

    await failed.opened;
    stopping.abort(reason);

    await expect(result).rejects.toBe(reason);
  });

  it('gives the result of the try in hand even when it is stopped meanwhile', async () => {
    const stopping = new AbortController();
    const held = gate();
    const result = retryUntilDone(() => held.opened.then(() => 'done'), { signal: stopping.signal });

    stopping.abort();
    held.open();

    expect(await result).toBe('done');
  });
});
