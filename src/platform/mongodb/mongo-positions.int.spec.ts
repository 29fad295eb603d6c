import { mongoTestDatabase } from '../../../test/support/mongo-test-database.js';
import { describeWithRealServers } from '../../../test/support/real-servers.js';
import { positionsContract } from '../recovery/positions.contract.js';
import { MongoPositions } from './mongo-positions.js';

describeWithRealServers('on a real MongoDB', () => {
  positionsContract('MongoPositions', async () => {
    const test = mongoTestDatabase();
    const { db } = await test.open();
    return { positions: new MongoPositions(db.collection('positions')), dispose: () => test.drop() };
  });
});
