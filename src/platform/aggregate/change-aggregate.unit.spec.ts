import { beforeEach, describe, expect, it } from '@jest/globals';
import { changed, created, type Item, type ItemChange } from '../testing/items.js';
import { type Aggregates, type Change, type Saving, type StoredAggregate, VersionConflict } from './aggregates.js';
import { changeAggregate, changeExisting } from './change-aggregate.js';

/** One item; another writer may come first. */
class OneItem implements Aggregates<Item, ItemChange> {
  admit(): void {
    return;
  }

  saves = 0;
  constructor(
    public stored: StoredAggregate<Item> | undefined,
    /** What another writer leaves just before a save; each once. */
    private readonly meanwhile: StoredAggregate<Item>[] = [],
  ) {}

  find(): Promise<StoredAggregate<Item> | undefined> {
    return Promise.resolve(this.stored);
  }

  save(before: StoredAggregate<Item> | undefined, { state, commands }: Saving<Item, ItemChange>): Promise<void> {
    this.saves += 1;
    this.stored = this.meanwhile.shift() ?? this.stored;
    if (this.stored?.state.version !== before?.state.version) return Promise.reject(new VersionConflict(state.id));
    this.stored = { state, commands };
    return Promise.resolve();
  }
}

const first = created('a').state;
const second = changed(first, 'by another writer').state;
const third = changed(second, 'by a third').state;
const atRest = (state: Item): StoredAggregate<Item> => ({ state, commands: [] });
const rename = (state: Item | undefined): Change<Item> => changed(state!, `${state!.name}, renamed`);

const absent = () => new Error('there is none');

describe('changing an aggregate', () => {
  let items: OneItem;

  beforeEach(() => {
    items = new OneItem(atRest(first));
  });

  it('saves what was decided, and answers it', async () => {
    const { state } = await changeAggregate(items, 'a', rename);

    expect(state).toMatchObject({ version: 2, name: 'new, renamed' });
    expect(items.stored?.state).toEqual(state);
  });

  it('decides on nothing where there is nothing yet', async () => {
    items = new OneItem(undefined);
    const { state } = await changeAggregate(items, 'a', (before) => {
      expect(before).toBeUndefined();
      return created('a');
    });

    expect(state).toEqual(first);
  });

  it('decides again, on what the other writer left, when a race was lost', async () => {
    items = new OneItem(atRest(first), [atRest(second), atRest(third)]);
    const decidedOn: number[] = [];

    const { state } = await changeAggregate(items, 'a', (before) => {
      decidedOn.push(before!.version);
      return rename(before);
    });

    expect(decidedOn).toEqual([1, 2, 3]);
    expect(state).toMatchObject({ version: 4, name: 'by a third, renamed' });
  });

  it('gives up as unavailable when the race is lost over and over', async () => {
    items.save = () => Promise.reject(new VersionConflict('a'));

    await expect(changeAggregate(items, 'a', rename)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('saves nothing when nothing changes', async () => {
    expect(await changeExisting(items, 'a', absent, () => undefined)).toEqual({ state: first });
    expect(items.saves).toBe(0);
  });

  it('says of one that has to be there that it is not, and decides nothing', async () => {
    items = new OneItem(undefined);
    const decide = () => Promise.reject(new Error('it is decided on'));

    await expect(changeExisting(items, 'a', absent, decide)).rejects.toThrow('there is none');
    expect(items.saves).toBe(0);
  });

  it('lets through what the decision throws, and saves nothing', async () => {
    const refusal = new Error('no');

    await expect(changeAggregate(items, 'a', () => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(items.saves).toBe(0);
  });

  it('lets through what the store throws, without another try', async () => {
    const trouble = new Error('the store is away');
    items.save = () => Promise.reject(trouble);

    await expect(changeAggregate(items, 'a', rename)).rejects.toBe(trouble);
  });

  it.each([[undefined], ['any' as const], [[1]], [[7, 1]]])(
    'goes on where If-Match allows it: %j',
    async (expected) => {
      expect(await changeAggregate(items, 'a', rename, { expected })).toMatchObject({ state: { version: 2 } });
    },
  );

  it.each([[[]], [[2]], [[2, 3]]])('refuses as stale where If-Match does not: %j', async (expected) => {
    await expect(changeAggregate(items, 'a', rename, { expected })).rejects.toMatchObject({ kind: 'stale' });
    expect(items.saves).toBe(0);
  });

  it('says of one that is gone that it is gone, whatever If-Match names', async () => {
    const gone = Object.assign(new Error('it was erased'), { kind: 'gone', code: 'erased' });

    await expect(changeExisting(items, 'a', absent, () => Promise.reject(gone), { expected: [7] })).rejects.toBe(gone);
  });

  it('says of one that is not there for the caller that it is not, whatever If-Match names', async () => {
    const hidden = Object.assign(new Error('there is none'), { kind: 'not-found', code: 'nothing' });
    const decide = () => Promise.reject(hidden);

    for (const expected of [[7], [1], 'any'] as const) {
      await expect(changeExisting(items, 'a', absent, decide, { expected })).rejects.toBe(hidden);
    }
  });

  it('says that If-Match is stale rather than what else stands against the change', async () => {
    const conflict = Object.assign(new Error('not in this status'), { kind: 'conflict', code: 'status' });
    const decide = () => Promise.reject(conflict);

    await expect(changeExisting(items, 'a', absent, decide, { expected: [7] })).rejects.toMatchObject({
      kind: 'stale',
    });
  });

  it('refuses as stale what became stale in a lost race', async () => {
    items = new OneItem(atRest(first), [atRest(second)]);

    await expect(changeAggregate(items, 'a', rename, { expected: [1] })).rejects.toMatchObject({ kind: 'stale' });
    expect(items.stored).toEqual(atRest(second));
  });

  it.each([
    ['events', { oldest: 1, bytes: 200_000 }, { oldest: 2, bytes: 200_000 }],
    ['bytes', { oldest: 999, bytes: 8 * 1024 ** 2 }, { oldest: 999, bytes: 8 * 1024 ** 2 - 1 }],
  ])(
    'refuses as unavailable an aggregate with too many %s unpublished, and reads it still',
    async (_, pending, less) => {
      const state = { ...first, version: 1_000 };
      items = new OneItem({ state, pending, commands: [] });

      await expect(changeAggregate(items, 'a', rename)).rejects.toMatchObject({ kind: 'unavailable' });
      expect(items.saves).toBe(0);
      expect(await changeExisting(items, 'a', absent, () => undefined)).toEqual({ state });

      items = new OneItem({ state, pending: less, commands: [] });
      expect(await changeAggregate(items, 'a', rename)).toMatchObject({ state: { version: 1_001 } });
    },
  );
});
