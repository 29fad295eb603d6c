import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { AnyBulkWriteOperation, Collection, Document } from 'mongodb';
import { mongoTestDatabase, type MongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { isNotStorable } from '../tools/errors.js';
import type { MongoDatabase } from './database.js';
import { groupCommit, type WriteResult, type Write } from './writes.js';

type Item = Document & { _id: string };

describeWithRealServers('group commit', () => {
  let test: MongoTestDatabase;
  let database: MongoDatabase;
  let collection: Collection<Item>;
  let write: Write<Item>;
  let bulkWrites: ReturnType<typeof jest.spyOn>;

  beforeAll(async () => {
    test = mongoTestDatabase();
    database = await test.open();
  });
  afterAll(() => test.drop());
  beforeEach(() => {
    collection = database.db.collection<Item>(randomUUID());
    bulkWrites = jest.spyOn(collection, 'bulkWrite');
    write = groupCommit(collection);
  });

  const insert = (_id: string, fields: object = {}): AnyBulkWriteOperation<Item> => ({
    insertOne: { document: { _id, ...fields } },
  });
  const codes = (outcomes: readonly WriteResult[]) => outcomes.map((outcome) => outcome?.code);
  const ids = async () => (await collection.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);

  it('sends concurrent writes as one bulk write', async () => {
    const calls = Array.from({ length: 50 }, (_, index) => write([insert(`${index}-a`), insert(`${index}-b`)]));

    expect(await Promise.all(calls)).toEqual(calls.map(() => [undefined, undefined]));
    expect(await ids()).toHaveLength(100);
    expect(bulkWrites).toHaveBeenCalledTimes(1);
  });

  it('reports to each caller only its own refusals', async () => {
    await write([insert('taken')]);

    const outcomes = await Promise.all([
      write([insert('a'), insert('taken')]),
      write([insert('b')]),
      write([insert('taken'), insert('c'), insert('d')]),
    ]);

    expect(outcomes.map(codes)).toEqual([[undefined, 11_000], [undefined], [11_000, undefined, undefined]]);
    expect(await ids()).toEqual(['a', 'b', 'c', 'd', 'taken']);
  });

  it.each([
    ['too large', () => insert('bad', { text: 'x'.repeat(17 * 1024 ** 2) })],
    ['nested too deeply', () => insert('bad', { nested: nested(300) })],
  ])('fails only for the caller whose document is %s', async (_, bad) => {
    const outcomes = await Promise.allSettled([
      write([insert('a')]),
      write([bad(), insert('b')]),
      write([insert('c')]),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const [, rejected] = outcomes;
    expect(isNotStorable((rejected as PromiseRejectedResult).reason)).toBe(true);
    expect(await ids()).toEqual(expect.arrayContaining(['a', 'c']));
    expect(await ids()).not.toContain('bad');
  });
});

function nested(depth: number): object {
  let value: object = {};
  for (let level = 0; level < depth; level += 1) value = { value };
  return value;
}
