import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PlatformError, unavailable } from './errors.js';
import { type Callable, ThreadCalls } from './thread-calls.js';

describe('calls between threads', () => {
  let ports: readonly [MessagePort, MessagePort];

  beforeEach(() => {
    const { port1, port2 } = new MessageChannel();
    ports = [port1, port2];
  });

  afterEach(() => {
    for (const port of ports) port.close();
  });

  function connect<Others extends Callable<keyof Others>>(own: Callable, others: Others): ThreadCalls<Others> {
    const there = new ThreadCalls(ports[1], others as Callable);
    expect(there).toBeDefined();
    return new ThreadCalls<Others>(ports[0], own);
  }

  it('pass arguments and results, several at a time', async () => {
    const { other } = connect({}, { double: async (numbers: readonly number[]) => new Set(numbers.map((n) => 2 * n)) });
    const results = await Promise.all([other.double([1, 2]), other.double([3])]);
    expect(results).toEqual([new Set([2, 4]), new Set([6])]);
  });

  it('go in both directions', async () => {
    const there = new ThreadCalls<{ name(): string }>(ports[1], {
      greet: async () => `hello ${await there.other.name()}`,
    });
    const here = new ThreadCalls<{ greet(): Promise<string> }>(ports[0], { name: () => 'Ada' });
    expect(await here.other.greet()).toBe('hello Ada');
  });

  it('reject with what was thrown, which keeps its code and kind', async () => {
    const failing = (error: Error) => ({ fail: () => Promise.reject(error) });
    const { other } = connect({}, failing(unavailable('the database is away')));
    const error = await other.fail().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({ kind: 'unavailable', code: 'unavailable', message: 'the database is away' });
  });

  it('reject with any other error, too', async () => {
    const { other } = connect(
      {},
      {
        fail: () => {
          throw new TypeError('no number');
        },
      },
    );
    await expect(other.fail()).rejects.toThrow(new TypeError('no number'));
  });

  it('reject once the other thread is gone, those that wait and those that come', async () => {
    const calls = connect({}, { wait: () => new Promise(() => undefined) });
    const waiting = calls.other.wait();
    calls.end(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(calls.other.wait()).rejects.toThrow('gone');
  });
});
