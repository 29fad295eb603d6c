import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RememberedCommand, StoredAggregate } from '../src/platform/aggregate/aggregates.js';
import { changeAggregate, createAggregate } from '../src/platform/aggregate/change-aggregate.js';
import { type Idempotency, recall, remember } from '../src/platform/aggregate/idempotency.js';
import { EmbeddedAggregates } from '../src/platform/embedded/aggregates.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { changed, created, type Item, itemEvents, type ItemChange } from '../src/platform/testing/items.js';
import { unique } from './http-contract/fixtures.js';

const MORNING = Date.parse('2026-11-23T08:00:00.000Z');
const HOURS_24 = 24 * 60 * 60 * 1000;
const idempotency: Idempotency = { key: 'k', request: 'f' };
const command: RememberedCommand<Item> = { ...idempotency, at: new Date(MORNING).toISOString(), version: 1 };
const first = created('i').state;
const second = changed(first, 'renamed').state;

const stored = (state: Item, ...commands: RememberedCommand<Item>[]): StoredAggregate<Item> => ({
  state,
  commands,
});

describe('recalling an answer', () => {
  it('finds nothing without a key, for another key, or where there is nothing', () => {
    expect(recall(stored(first, command), undefined, MORNING)).toBeUndefined();
    expect(recall(stored(first, command), { ...idempotency, key: 'other' }, MORNING)).toBeUndefined();
    expect(recall(undefined, idempotency, MORNING)).toBeUndefined();
  });

  it('answers the state as it was then', () => {
    expect(recall(stored(first, command), idempotency, MORNING)).toBe(first);
    expect(recall(stored(second, { ...command, answer: first }), idempotency, MORNING)).toBe(first);
  });

  it('holds for 24 hours, to the millisecond', () => {
    expect(recall(stored(first, command), idempotency, MORNING + HOURS_24 - 1)).toBe(first);
    expect(recall(stored(first, command), idempotency, MORNING + HOURS_24)).toBeUndefined();
  });

  it('refuses another request under the key, but only for those 24 hours', () => {
    const other = { ...idempotency, request: 'other' };
    const asked = (now: number) => recall(stored(first, command), other, now);
    expect(() => asked(MORNING + HOURS_24 - 1)).toThrow(expect.objectContaining({ code: 'idempotency-key-reused' }));
    expect(asked(MORNING + HOURS_24)).toBeUndefined();
  });

  it('takes a request that cannot be compared any more for the same', () => {
    const { request: _, ...old } = { ...command, fingerprint: 'old' };
    expect(recall(stored(first, old), idempotency, MORNING)).toBe(first);
  });

  it('is gone once the answer was taken back', () => {
    expect(() => recall(stored(second, command), idempotency, MORNING)).toThrow(
      expect.objectContaining({ kind: 'gone' }),
    );
  });
});

describe('remembering a command', () => {
  const later = { ...command, key: 'later', version: 2 };

  it('adds it with its time and the version that it led to, and no answer yet', () => {
    expect(remember(undefined, created('i'), idempotency, MORNING)).toEqual([command]);
  });

  it('keeps the answer of those from which the state moves on', () => {
    const kept = remember(stored(first, command), changed(first, 'renamed'), { key: 'later', request: 'f' }, MORNING);
    expect(kept).toEqual([{ ...command, answer: first }, later]);
    const next = remember(stored(second, ...kept), changed(second, 'again'), undefined, MORNING);
    expect(next).toEqual([
      { ...command, answer: first },
      { ...later, answer: second },
    ]);
  });

  it('drops those whose 24 hours are over', () => {
    const change = changed(first, 'renamed');
    expect(remember(stored(first, command), change, undefined, MORNING + HOURS_24 - 1)).toHaveLength(1);
    expect(remember(stored(first, command), change, undefined, MORNING + HOURS_24)).toEqual([]);
  });

  it('drops every answer, and what there is of the requests, where the change takes something back', () => {
    const before = stored(second, { ...command, answer: first }, later);
    const kept = remember(before, { ...changed(second, ''), forgets: true }, undefined, MORNING);
    const at = command.at;
    expect(kept).toEqual([
      { key: 'k', at, version: 1 },
      { key: 'later', at, version: 2 },
    ]);
    expect(() => recall(stored({ ...second, version: 3 }, ...kept), idempotency, MORNING)).toThrow(
      expect.objectContaining({ kind: 'gone' }),
    );
  });

  it('drops what earlier versions stored of the requests', () => {
    const { request: _, ...old } = { ...command, fingerprint: 'old' };
    const [kept] = remember(stored(first, old), changed(first, 'renamed'), undefined, MORNING);
    expect(kept).toEqual({ key: 'k', at: command.at, version: 1, answer: first });
  });
});

describe('over a store, an Idempotency-Key', () => {
  let database: EmbeddedDatabase;
  let store: EmbeddedAggregates<Item, ItemChange>;
  beforeAll(async () => {
    database = await openEmbeddedDatabase('memory');
    store = new EmbeddedAggregates(database.level, 'items', itemEvents);
  });
  afterAll(() => database.close());
  beforeEach(() => {
    jest.useFakeTimers({
      now: MORNING,
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'setInterval', 'queueMicrotask', 'performance'],
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const create = (key: Idempotency) => createAggregate(store, (id) => created(id), key);
  const rename = (id: string, key: Idempotency, name: string) =>
    changeAggregate(store, id, (state) => changed(state as Item, name), { idempotency: key });

  it('of a creation names one thing for 24 hours, and then a new one, each time', async () => {
    const key = { key: unique(), request: 'f' };
    const ids = new Set<string>();
    for (let day = 0; day < 3; day += 1) {
      jest.setSystemTime(MORNING + day * HOURS_24);
      const { state, replayed } = await create(key);
      expect(replayed).toBeUndefined();
      ids.add(state.id);
      jest.setSystemTime(MORNING + (day + 1) * HOURS_24 - 1);
      expect(await create(key)).toEqual({ state, replayed: true });
    }
    expect(ids.size).toBe(3);
  });

  it('of a creation may be used for another request after 24 hours', async () => {
    const key = { key: unique(), request: 'f' };
    await create(key);
    const other = { ...key, request: 'other' };
    await expect(create(other)).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    jest.setSystemTime(MORNING + HOURS_24);
    expect((await create(other)).replayed).toBeUndefined();
  });

  it('of many creations at once creates one', async () => {
    const key = { key: unique(), request: 'f' };
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => create(key)));
    expect(new Set(outcomes.map(({ state }) => state.id)).size).toBe(1);
    expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  it('of a creation that was refused is free', async () => {
    const key = { key: unique(), request: 'f' };
    const refuse = () => Promise.reject(new Error('no'));
    await expect(createAggregate(store, refuse, key)).rejects.toThrow('no');
    expect((await create({ ...key, request: 'other' })).replayed).toBeUndefined();
  });

  it('of a change has it made once in 24 hours, whatever comes between, and again after', async () => {
    const { id } = (await create({ key: unique(), request: 'f' })).state;
    const key = { key: unique(), request: 'f' };
    const { state } = await rename(id, key, 'one');
    await rename(id, { key: unique(), request: 'f' }, 'two');
    jest.setSystemTime(MORNING + HOURS_24 - 1);
    expect(await rename(id, key, 'one')).toEqual({ state, replayed: true });
    jest.setSystemTime(MORNING + HOURS_24);
    expect(await rename(id, key, 'three')).toMatchObject({ state: { version: 4, name: 'three' } });
    expect((await store.find(id))?.commands).toHaveLength(1);
  });
});
