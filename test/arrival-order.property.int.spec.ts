import { afterAll, beforeAll } from '@jest/globals';
import type { MongoDatabase } from '../src/platform/mongodb/database.js';
import { arrivalOrderContract } from './arrival-order.contract.js';
import { driverOf, mongoTestDatabase } from '../src/platform/testing/mongo-test-database.js';
import { describeWithRealServers } from '../src/platform/testing/real-servers.js';

describeWithRealServers('on a real MongoDB', () => {
  const database = mongoTestDatabase();
  let processes: MongoDatabase[];
  beforeAll(async () => {
    processes = [await database.open(), await database.open()];
  });
  afterAll(() => database.drop());

  arrivalOrderContract(() => {
    const close = async () => {
      await driverOf(processes[0] as MongoDatabase).dropDatabase();
    };
    return Promise.resolve({ processes, close });
  }, 5);
});
