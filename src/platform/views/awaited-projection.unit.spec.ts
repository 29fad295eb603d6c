import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withRequestContext } from '../tools/request-context.js';
import { AwaitedProjection } from './awaited-projection.js';
import type { ProjectionStore, Versioned } from './projection.js';
import { WaitSlots } from './wait-slots.js';

const SECONDS = 10;

describe('waiting for a version of a copy', () => {
  let copies: Map<string, Versioned<string>>;
  let stopping: AbortController;
  let isClosed: boolean;
  let finds: number;
  let projection: AwaitedProjection<string>;

  beforeEach(() => {
    copies = new Map();
    isClosed = false;
    finds = 0;
    stopping = new AbortController();
    const store: ProjectionStore<string> = {
      find: (id) => {
        finds += 1;
        return isClosed ? Promise.reject(new Error('is closed')) : Promise.resolve(copies.get(id));
      },
      apply: (entries) => {
        for (const entry of entries) copies.set(entry.id, entry);
        return Promise.resolve();
      },
    };
    projection = new AwaitedProjection(store, stopping.signal, new WaitSlots({ perProcess: 5, perCaller: 2 }));
  });

  afterEach(() => stopping.abort());

  const wait = (caller: string | undefined, id = 'a') =>
    withRequestContext({ traceparent: '', ...(caller !== undefined && { actor: caller }) }, () =>
      projection.findAtLeast(id, 2, SECONDS).then(
        ({ version }) => version,
        (error: unknown) => (error as Error).message,
      ),
    );
  const outcomeOf = (waiting: Promise<unknown>) =>
    Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]);
  const arrive = (id = 'a') => projection.apply([{ id, version: 2, state: 'new' }]);

  it('ends when it arrives', async () => {
    const waiting = wait('ada');
    expect(await outcomeOf(waiting)).toBe('waits');

    await arrive();

    expect(await waiting).toBe(2);
  });

  it('asks the database once where the copy arrives here', async () => {
    const waiting = wait('ada');
    await new Promise(setImmediate);
    await arrive();

    expect(await waiting).toBe(2);
    expect(finds).toBe(1);
  });

  it('goes on where an older version arrives', async () => {
    const waiting = wait('ada');
    await projection.apply([{ id: 'a', version: 1, state: 'old' }]);
    expect(await outcomeOf(waiting)).toBe('waits');

    await arrive();

    expect(await waiting).toBe(2);
  });

  it('ends where another process has applied it', async () => {
    const waiting = wait('ada');
    copies.set('a', { id: 'a', version: 2, state: 'new' });

    expect(await waiting).toBe(2);
  });

  it('is refused at once beyond the slots of a caller, and others wait all the same', async () => {
    const waiting = [wait('ada'), wait('ada', 'b')];

    expect(await outcomeOf(wait('ada'))).toBe('version 2 has not arrived here yet');
    expect(await outcomeOf(wait('bob'))).toBe('waits');
    await arrive();
    expect(await waiting[0]).toBe(2);
    expect(await outcomeOf(wait('ada', 'c'))).toBe('waits');
  });

  it('is refused at once beyond the slots of the process', async () => {
    for (const caller of ['a', 'b', undefined, undefined, undefined]) {
      expect(await outcomeOf(wait(caller))).toBe('waits');
    }

    expect(await outcomeOf(wait('c'))).toBe('version 2 has not arrived here yet');
    expect(await outcomeOf(wait(undefined))).toBe('version 2 has not arrived here yet');
    await arrive();
    expect(await outcomeOf(wait('c'))).toBe(2);
  });

  it('takes no slot where the version is there, or nobody waits', async () => {
    await arrive();
    for (let each = 0; each < 6; each += 1) expect(await wait('ada')).toBe(2);
    for (let each = 0; each < 6; each += 1) {
      await expect(projection.findAtLeast('b', 2, 0)).rejects.toThrow('has not arrived');
    }

    expect(await outcomeOf(wait('ada', 'c'))).toBe('waits');
  });

  it('ends when the process stops, and reads nothing after that', async () => {
    const waiting = wait('ada');
    expect(await outcomeOf(waiting)).toBe('waits');
    stopping.abort();
    isClosed = true;

    expect(await waiting).toBe('version 2 has not arrived here yet');
  });
});
