import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { historyContract } from '../views/history.contract.js';
import { MongoHistory } from './history.js';

describeWithRealServers('on a real MongoDB', () => {
  historyContract('MongoHistory', async () => {
    const database = mongoTestDatabase();
    const opened = [await database.open(), await database.open()];
    return {
      histories: opened.map(({ db }) => new MongoHistory(db.collection('history'))),
      runs: 40,
      dispose: () => database.drop(),
    };
  });
});
