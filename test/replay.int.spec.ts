import kafkajs from 'kafkajs';
import { KafkaBus } from '../src/platform/kafka/bus.js';
import { replayContract } from '../src/platform/rebuilding/replay.contract.js';
import { replayStatesContract } from '../src/platform/rebuilding/replay-states.contract.js';
import { republishContract } from '../src/platform/rebuilding/republish.contract.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { mongoTestDatabase } from '../src/platform/testing/mongo-test-database.js';
import { describeWithRealServers, realServers } from '../src/platform/testing/real-servers.js';
import type { ShopFixture } from '../src/platform/testing/shop-world.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';

async function openFixture(): Promise<ShopFixture> {
  const test = mongoTestDatabase();
  const brokers = [realServers().kafka];
  const settings = { client: { brokers }, partitions: 3, sessionTimeout: 6_000 };
  let bus = await KafkaBus.open(settings, silentLogger);
  const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  return {
    get bus() {
      return bus;
    },
    reopen: () => test.open(),
    loseTopics: async (topics) => {
      await admin.connect();
      await admin.deleteTopics({ topics: [...topics] });
      await eventually(async () => {
        const left = (await admin.listTopics()).filter((topic) => topics.includes(topic));
        if (left.length > 0) throw new Error(`${left.join(', ')} is still there`);
      });
      await admin.disconnect();
      // A client that has asked for them goes on to; a command is a process of its own.
      await bus.close();
      bus = await KafkaBus.open(settings, silentLogger);
    },
    dispose: async () => {
      await bus.close();
      await test.drop();
    },
  };
}

describeWithRealServers('with real servers,', () => {
  replayContract('Kafka and MongoDB', openFixture);
  replayStatesContract('Kafka and MongoDB', openFixture, 3);
  republishContract('Kafka and MongoDB', openFixture);
});
