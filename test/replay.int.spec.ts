import { KafkaBus } from '../src/platform/kafka/kafka-bus.js';
import { replayContract } from '../src/platform/replay/replay.contract.js';
import { mongoTestDatabase } from './support/mongo-test-database.js';
import { describeWithRealServers, realServers } from './support/real-servers.js';
import { silentLogger } from './support/silent-logger.js';

describeWithRealServers('with real servers,', () => {
  replayContract('Kafka and MongoDB', async () => {
    const test = mongoTestDatabase();
    const settings = { client: { brokers: [realServers().kafka] }, partitions: 3, sessionTimeout: 6_000 };
    const bus = await KafkaBus.open(settings, silentLogger);
    return {
      bus,
      reopen: () => test.open(),
      dispose: async () => {
        await bus.close();
        await test.drop();
      },
    };
  });
});
