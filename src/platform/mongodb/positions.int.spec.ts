import { mongoTestDatabase } from '../testing/mongo-test-database.js';
import { describeWithRealServers } from '../testing/real-servers.js';
import { positionsContract } from '../consuming/positions.contract.js';
import { MongoPositions } from './positions.js';

describeWithRealServers('on a real MongoDB', () => {
  positionsContract('MongoPositions', async () => {
    const test = mongoTestDatabase();
    const { db } = await test.open();
    return { positions: new MongoPositions(db.collection('positions')), dispose: () => test.drop() };
  });
});
