import type { MongoDatabase } from '../src/platform/mongodb/database.js';
import { backendsOf } from '../src/platform/process/backends.js';
import { driverOf } from '../src/platform/testing/mongo-test-database.js';
import { httpContract } from './http-contract/suite.js';
import { describeWithRealServers, masterKeysFile, realServers } from '../src/platform/testing/real-servers.js';

httpContract(
  'on Kafka and MongoDB',
  {
    settings: () => {
      const { kafka, mongodb } = realServers();
      return { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, MASTER_KEYS_FILE: masterKeysFile() };
    },
    backends: backendsOf,
    dump: async (database) => {
      const collections = await driverOf(database as MongoDatabase).collections();
      const documents = await Promise.all(collections.map((collection) => collection.find().toArray()));
      return documents.flat().map((document) => JSON.stringify(document));
    },
  },
  describeWithRealServers,
);
