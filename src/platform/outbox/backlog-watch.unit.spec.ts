import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Backlog } from '../aggregate/aggregates.js';
import { BacklogWatch } from './backlog-watch.js';

const NOW = Date.parse('2026-06-01T12:00:00.000Z');
const waiting = (id: string, secondsAgo: number) => ({
  id,
  version: 1,
  time: new Date(NOW - secondsAgo * 1_000).toISOString(),
});

describe('the report on an outbox', () => {
  let backlog: Backlog;
  let asked: number;
  let watch: BacklogWatch;

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW });
    asked = 0;
    backlog = { events: 0 };
    const outbox = {
      topic: 't',
      backlog: () => {
        asked += 1;
        return Promise.resolve(backlog);
      },
    };
    watch = new BacklogWatch(outbox, { setAside: [] });
  });

  afterEach(() => void jest.useRealTimers());

  it('says how much waits, and for how long', async () => {
    backlog = { events: 7, oldest: waiting('a', 30), newest: waiting('b', 1) };

    expect(await watch.report()).toEqual({
      topic: 't',
      events: 7,
      oldestSeconds: 30,
      asOf: new Date(NOW).toISOString(),
      setAside: 0,
    });
  });

  it('asks once for many who want to know, and again after a second', async () => {
    await Promise.all([watch.report(), watch.report(), watch.report()]);
    await watch.report();
    expect(asked).toBe(1);

    jest.advanceTimersByTime(1_000);
    await watch.report();
    expect(asked).toBe(2);
  });

  it('counts how long it has seen an event wait whose time is in the future', async () => {
    backlog = { events: 2, oldest: waiting('a', 1), newest: waiting('late', -3_600) };
    expect((await watch.report()).oldestSeconds).toBe(1);

    jest.advanceTimersByTime(60_000);
    backlog = { events: 2, oldest: waiting('b', -59), newest: waiting('late', -3_600) };
    expect((await watch.report()).oldestSeconds).toBe(60);

    jest.advanceTimersByTime(60_000);
    backlog = { events: 1, oldest: waiting('c', -120), newest: waiting('c', -120) };
    expect((await watch.report()).oldestSeconds).toBe(0);
  });

  it('says that there is more than it has counted', async () => {
    backlog = { events: 1_000, isMore: true, oldest: waiting('a', 1), newest: waiting('b', 1) };

    expect(await watch.report()).toMatchObject({ events: 1_000, isMore: true });
  });
});
