import { keyCopiesContract } from '../privacy/key-copies.contract.js';
import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import type { MongoDatabase } from './database.js';
import { MongoKeyCopies } from './key-copies.js';

describeWithRealServers('on a real MongoDB', () => {
  keyCopiesContract('MongoKeyCopies', async () => {
    const test = mongoTestDatabase();
    const databases = [await test.open(), await test.open()];
    return {
      writers: databases.map(copiesIn),
      reopen: async () => copiesIn(await test.open()),
      dispose: () => test.drop(),
    };
  });
});

function copiesIn({ db }: MongoDatabase): MongoKeyCopies {
  return new MongoKeyCopies(db.collection('person.keys'));
}
