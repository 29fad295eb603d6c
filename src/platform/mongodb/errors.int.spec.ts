import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import type { MongoDatabase } from './database.js';
import { MongoHistory } from './history.js';
import { MongoProjection } from './projection.js';

const SECRET = 'secret-of-the-record';

describeWithRealServers('documents that a real MongoDB cannot store', () => {
  const test = mongoTestDatabase();
  let database: MongoDatabase;

  beforeAll(async () => {
    database = await test.open();
  });

  afterAll(() => test.drop());

  const refused: [string, unknown][] = [
    ['nested too deeply for a document', nested(190)],
    ['nested too deeply for the server to parse', nested(250)],
    ['nested too deeply for the stack', nested(100_000)],
    ['a name with a null byte', { [`${SECRET}\0`]: 1 }],
    ['an object that looks like a BSON type', { _bsontype: 'ObjectId', SECRET }],
    ['a text larger than a document', { text: SECRET.repeat(900_000) }],
    ['a list larger than a document', { list: Array.from({ length: 1_500_000 }, () => 1) }],
  ];

  it.each(refused)('are reported as not storable, without quoting them: %s', async (what, state) => {
    const projection = new MongoProjection<unknown>(database.db.collection('copies'));
    const history = new MongoHistory<unknown>(database.db.collection('history'));
    const change = { type: 't', eventId: 'e', time: 't', changed: [], partition: 0, offset: 0 };

    for (const refusal of [
      await thrownBy(projection.apply([{ id: what, version: 1, state }])),
      await thrownBy(history.append([{ id: what, version: 1, ...change, state }])),
    ]) {
      expect(refusal).toMatchObject({ code: 'not-storable', kind: 'rejected' });
      expect(JSON.stringify(refusal) + String(refusal)).not.toContain(SECRET);
    }
  });

  it('do not include unusual but valid documents', async () => {
    const projection = new MongoProjection<unknown>(database.db.collection('copies'));
    const strange = [{ $set: 1 }, { 'a.b': 1 }, { $ref: 1 }, { '': 1 }, nested(150), { text: '\ud800' }, null];
    await projection.apply(strange.map((state, index) => ({ id: `strange ${index}`, version: 1, state })));

    for (const index of strange.keys()) expect(await projection.find(`strange ${index}`)).toBeDefined();
  });
});

function nested(levels: number): unknown {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels));
}

function thrownBy(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
