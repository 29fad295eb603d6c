import path from 'node:path';
import type { Logger } from 'pino';
import type { Bus } from '../log/bus.js';
import { type Config, isEmbedded, mongoDbOf } from '../operating/config/config.js';
import type { Database } from '../context/database.js';
import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { KafkaBus } from '../kafka/bus.js';
import { kafkaClient } from '../kafka/client.js';
import { openMongoDatabase } from '../mongodb/database.js';

/** Opens the log and the databases of the process. */
export interface Backends {
  /** The display name: `kafka` or `embedded log`. */
  readonly busName: string;
  openBus(): Promise<Bus>;
  /** Opens the database of a context. */
  openDatabase(name: string): Promise<Database>;
}

/** Returns Kafka and MongoDB if they are configured, otherwise the embedded adapters under DATA_DIR. */
export function backendsOf(config: Config, logger: Logger): Backends {
  if (isEmbedded(config)) return embedded((name) => path.join(config.DATA_DIR, name), logger);
  return {
    busName: 'kafka',
    openBus: () => openKafka(config, logger),
    openDatabase: (name) => openMongoDatabase(mongoDbOf(config, name), name),
  };
}

/** Returns backends that keep everything in memory, for tests. */
export function inMemory(logger: Logger): Backends {
  return embedded(() => 'memory', logger);
}

function embedded(directoryOf: (name: string) => string, logger: Logger): Backends {
  return {
    busName: 'embedded log',
    openBus: async () => new EmbeddedBus(await openEmbeddedDatabase(directoryOf('log'), logger), logger),
    openDatabase: (name) => openEmbeddedDatabase(directoryOf(name), logger),
  };
}

function openKafka(config: Config, logger: Logger): Promise<Bus> {
  const settings = {
    client: kafkaClient(config),
    partitions: config.KAFKA_TOPIC_PARTITIONS,
    replicas: config.KAFKA_TOPIC_REPLICAS,
    sessionTimeout: config.KAFKA_SESSION_TIMEOUT_MS,
  };
  return KafkaBus.open(settings, logger);
}
