import { KafkaContainer } from '@testcontainers/kafka';
import { MongoDBContainer } from '@testcontainers/mongodb';
import { getContainerRuntimeClient } from 'testcontainers';
import { missingPrerequisite, startServers, stopServers } from '../../scripts/servers.mjs';

const KAFKA_IMAGE = 'confluentinc/cp-kafka:8.1.0';
const MONGODB_IMAGE = 'mongo:8.0';
const NAME = 'test';

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

/** @returns {Promise<FoundServers | undefined>} */
async function inContainers() {
  try {
    await getContainerRuntimeClient();
  } catch {
    return undefined;
  }
  const [kafka, mongodb] = await Promise.all([
    new KafkaContainer(KAFKA_IMAGE).withKraft().start(),
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
  const { kafka, mongodb, started } = await startServers({ name: NAME, log: () => undefined });
  return {
    kafka,
    mongodb,
    stop: async () => {
      if (started) await stopServers({ name: NAME, wipe: true, log: () => undefined });
    },
  };
}
