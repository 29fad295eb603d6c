import { KafkaContainer } from '@testcontainers/kafka';
import { MongoDBContainer } from '@testcontainers/mongodb';
import { getContainerRuntimeClient } from 'testcontainers';
import { missingPrerequisite, startServers, stopServers } from '../../scripts/servers.mjs';

export const KAFKA_IMAGE = 'confluentinc/cp-kafka:8.1.0';
export const MONGODB_IMAGE = 'mongo:8.0';
/** One node, as scripts/servers/kafka.mjs has it: what a cluster replicates has one copy, and no topic makes itself. */
const KAFKA_SETTINGS = {
  KAFKA_NUM_PARTITIONS: '6',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
};
/** The instance of `npm run servers` of the tests. */
export const NAME = 'test';

/**
 * @typedef {object} FoundServers
 * @property {string} kafka
 * @property {string} mongodb
 * @property {() => Promise<void>} stop Stops what was started for the run, and nothing else.
 */

/**
 * The given servers; else containers, where a Docker engine answers; else those of `npm run servers`. Or why none.
 * @returns {Promise<FoundServers | { missing: string }>}
 */
export async function findServers() {
  return given() ?? (await inContainers()) ?? (await byScript());
}

/** @returns {FoundServers | undefined} */
function given() {
  const { KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb } = process.env;
  return kafka && mongodb ? { kafka, mongodb, stop: () => Promise.resolve() } : undefined;
}

/** Whoever runs the tests sees what takes so long. @param {string} what */
function waitFor(what) {
  console.error(`waiting for: ${what}`);
}

/** @returns {Promise<FoundServers | undefined>} */
async function inContainers() {
  try {
    await getContainerRuntimeClient();
  } catch {
    return undefined;
  }
  waitFor(`containers of ${KAFKA_IMAGE} and ${MONGODB_IMAGE}`);
  const [kafka, mongodb] = await Promise.all([
    new KafkaContainer(KAFKA_IMAGE).withKraft().withEnvironment(KAFKA_SETTINGS).start(),
    new MongoDBContainer(MONGODB_IMAGE).start(),
  ]);
  return {
    kafka: `${kafka.getHost()}:${kafka.getMappedPort(9093)}`,
    mongodb: `${mongodb.getConnectionString()}?directConnection=true`,
    stop: async () => {
      await Promise.all([kafka.stop(), mongodb.stop()]);
    },
  };
}

/** @returns {Promise<FoundServers | { missing: string }>} */
async function byScript() {
  const missing = missingPrerequisite();
  if (missing !== undefined) return { missing };
  waitFor('Kafka and MongoDB of `npm run servers` (the first time they are downloaded)');
  const { kafka, mongodb, started } = await startServers({ name: NAME, log: waitFor });
  return {
    kafka,
    mongodb,
    stop: async () => {
      if (started) await stopServers({ name: NAME, wipe: true, log: () => undefined });
    },
  };
}
