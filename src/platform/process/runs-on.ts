import path from 'node:path';
import { type Config, isEmbedded, mongoDbOf } from '../operating/config/config.js';
import { hostsOf } from '../operating/config/mask.js';

/** Describes the servers or the folder that a process of these modules uses, without credentials. */
export function runsOn(config: Config, modules: readonly string[]): string {
  if (isEmbedded(config)) return `the embedded log and databases in ${path.resolve(config.DATA_DIR)}`;
  const kafka = config.KAFKA_BOOTSTRAP_SERVERS?.replaceAll(/[^,\s]*@/g, '');
  const hosts = modules.map((module) => hostsOf(mongoDbOf(config, module).uri));
  const isOne = new Set(hosts).size === 1;
  const mongoDb = isOne ? hosts[0] : modules.map((module, index) => `${hosts[index]} (${module})`).join(' and ');
  return `Kafka at ${kafka}; MongoDB at ${mongoDb}`;
}
