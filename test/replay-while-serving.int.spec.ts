import { replayWhileServingContract } from './replay-while-serving.contract.js';
import { describeWithOwnServers } from './support/own-servers.js';
import { withMasterKeys } from './support/run-process.js';
import { Serving } from './support/serving.js';

describeWithOwnServers('with servers of its own,', 'serving', (servers) => {
  replayWhileServingContract('Kafka and MongoDB', () =>
    Serving.start(
      withMasterKeys({
        KAFKA_BOOTSTRAP_SERVERS: servers.kafka,
        MONGODB_URI: servers.mongodb,
        KAFKA_SESSION_TIMEOUT_MS: '6000',
      }),
    ),
  );
});
