import type { Logger } from 'pino';
import type { EventStream } from '../event/event-stream.js';
import type { Config } from '../operating/config/config.js';
import type { SchemaIds } from '../schema-registry/schema-ids.js';

/** Creates the lookup of the schemas' ids in the configured schema registry; undefined if there is none. */
export async function schemaIdsOf(
  { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password }: Config,
  streams: readonly EventStream[],
  logger: Logger,
): Promise<SchemaIds | undefined> {
  if (url === undefined) return undefined;
  // Imported on use, because most processes have no registry.
  const { RegistryClient } = await import('../schema-registry/registry-client.js');
  const { SchemaIds } = await import('../schema-registry/schema-ids.js');
  return new SchemaIds(new RegistryClient({ url, username, password }), streams, logger);
}
