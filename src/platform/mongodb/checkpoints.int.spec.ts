import { checkpointsContract } from '../checkpoints/checkpoints.contract.js';
import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { MongoCheckpoints } from './checkpoints.js';

describeWithRealServers('on a real MongoDB', () => {
  checkpointsContract('MongoCheckpoints', async () => {
    const test = mongoTestDatabase();
    const { db } = await test.open();
    return {
      checkpoints: new MongoCheckpoints(db.collection('checkpoints'), db.collection('heads')),
      dispose: () => test.drop(),
    };
  });
});
