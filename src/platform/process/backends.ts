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
import type { KeyWrapper } from '../privacy/key-wrapper.js';
import { MasterKeys, newMasterKey } from '../privacy/master-keys.js';
import { openKeyWrapper } from './open-key-wrapper.js';

/** Opens the log and the databases of the process. */
export interface Backends {
  /** The display name: `kafka` or `embedded log`. */
  readonly busName: string;
  openBus(): Promise<Bus>;
  /** Opens the database of a context. */
  openDatabase(name: string): Promise<Database>;
  /** Opens the master keys, as {@link openKeyWrapper} does. */
  openKeyWrapper(): Promise<KeyWrapper>;
}

/** Returns Kafka and MongoDB if they are configured, otherwise the embedded adapters under DATA_DIR. */
export function backendsOf(config: Config, logger: Logger): Backends {
  const keys = () => openKeyWrapper(config);
  if (isEmbedded(config)) return embedded((name) => path.join(config.DATA_DIR, name), keys, logger);
  return {
    busName: 'kafka',
    openBus: () => openKafka(config, logger),
    openDatabase: (name) => openMongoDatabase(mongoDbOf(config, name), name),
    openKeyWrapper: keys,
  };
}

/** Returns backends that keep everything in memory, for tests. */
export function inMemory(logger: Logger): Backends {
  const keys = new MasterKeys([newMasterKey()]);
  return embedded(
    () => 'memory',
    () => Promise.resolve(keys),
    logger,
  );
}

function embedded(directoryOf: (name: string) => string, keys: () => Promise<KeyWrapper>, logger: Logger): Backends {
  return {
    busName: 'embedded log',
    openBus: async () => new EmbeddedBus(await openEmbeddedDatabase(directoryOf('log'), logger), logger),
    openDatabase: (name) => openEmbeddedDatabase(directoryOf(name), logger),
    openKeyWrapper: keys,
  };
}

function openKafka(config: Config, logger: Logger): Promise<Bus> {
  const settings = {
    client: kafkaClient(config),
    recordClient: config.KAFKA_CLIENT,
    compression: config.KAFKA_COMPRESSION,
    partitions: config.KAFKA_TOPIC_PARTITIONS,
    replicas: config.KAFKA_TOPIC_REPLICAS,
    sessionTimeout: config.KAFKA_SESSION_TIMEOUT_MS,
  };
  return KafkaBus.open(settings, logger);
}
