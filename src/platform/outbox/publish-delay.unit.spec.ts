import { describe, expect, it } from '@jest/globals';
import { PublishDelay } from './publish-delay.js';

describe('the time for which events are left to the instance that committed them', () => {
  it('is the least there is while this process is quick', () => {
    const delay = new PublishDelay(2_000);
    expect(delay.patience).toBe(2_000);
    delay.measured(40);
    expect(delay.patience).toBe(2_000);
  });

  it('is twice as long as this process needs itself, and half a minute at most', () => {
    const delay = new PublishDelay(2_000);
    delay.measured(5_000);
    expect(delay.patience).toBe(10_000);
    delay.measured(600_000);
    expect(delay.patience).toBe(30_000);
  });

  it('becomes short again when this process is quick again', () => {
    const delay = new PublishDelay(2_000);
    delay.measured(5_000);
    for (let batch = 0; batch < 20; batch += 1) delay.measured(10);
    expect(delay.patience).toBe(2_000);
  });
});
