import { mongoTestDatabase } from '../../../test/support/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../../../test/support/real-servers.js';
import { silentLogger } from '../../../test/support/silent-logger.js';
import { KafkaBus } from '../kafka/kafka-bus.js';
import { MongoProjection } from '../mongodb/mongo-projection.js';
import { deadLettersContract } from './dead-letters.contract.js';

describeWithRealServers('on real servers', () => {
  deadLettersContract('Kafka, with copies in MongoDB', async () => {
    const client = { clientId: 'dead-letters-test', brokers: [realServers().kafka] };
    const bus = await KafkaBus.open({ client, partitions: 6, sessionTimeout: 6_000 }, silentLogger);
    const database = mongoTestDatabase();
    const { db } = await database.open();
    return {
      bus,
      copies: new MongoProjection(db.collection('copies')),
      dispose: async () => {
        await bus.close();
        await database.drop();
      },
    };
  });
});
