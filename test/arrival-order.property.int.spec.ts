import { arrivalOrderContract } from './arrival-order.contract.js';
import { mongoTestDatabase } from './support/mongo-test-database.js';
import { describeWithRealServers } from './support/real-servers.js';

describeWithRealServers('on a real MongoDB', () => {
  arrivalOrderContract(async () => {
    const database = mongoTestDatabase();
    const processes = [await database.open(), await database.open()];
    return { processes, close: () => database.drop() };
  }, 8);
});
