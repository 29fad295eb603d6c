import { expect, it } from '@jest/globals';
import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { type Copy, projectionContract } from '../views/projection.contract.js';
import type { MongoDatabase } from './database.js';
import { MongoProjection, type ProjectionDocument } from './projection.js';

describeWithRealServers('on a real MongoDB', () => {
  projectionContract('MongoProjection', { runs: 15 }, async () => {
    const test = mongoTestDatabase();
    const databases = [await test.open(), await test.open()];
    return {
      writers: databases.map(projectionOver),
      reopen: async () => projectionOver(await test.open()),
      dispose: () => test.drop(),
    };
  });

  it('writes again when its insert lost the race to an older version', async () => {
    const test = mongoTestDatabase();
    try {
      const { db } = await test.open();
      const collection = db.collection<ProjectionDocument<Copy>>('copies');
      const newer = { id: 'a', version: 2, state: { name: 'newer' } };
      // This race is rare on a server, so the first write here simulates the losing insert.
      let writes = 0;
      const racing = new Proxy(collection, {
        get: (target, name) =>
          name === 'bulkWrite' && (writes += 1) === 1
            ? () => target.bulkWrite([{ insertOne: { document: { _id: 'a', version: 2, state: newer.state } } }])
            : (Reflect.get(target, name) as unknown),
      });
      await new MongoProjection(collection).apply([{ id: 'a', version: 1, state: { name: 'older' } }]);

      await new MongoProjection(racing).apply([newer]);

      expect(await new MongoProjection(collection).find('a')).toEqual(newer);
    } finally {
      await test.drop();
    }
  });
});

function projectionOver({ db }: MongoDatabase): MongoProjection<Copy> {
  return new MongoProjection<Copy>(db.collection('copies'));
}
