import type { Logger } from 'pino';
import type { Database } from '../context/database.js';
import type { Context } from '../context/define-context.js';
import type { OpenContext } from '../context/open-context.js';
import type { Privacy } from '../context/person-keys.js';
import type { Bus } from '../log/bus.js';
import type { PartitionPins } from '../log/partition-pins.js';

/** The log and the database of one bounded context, opened by a command or by a process that also serves them. */
export interface Connections {
  readonly context: Context;
  readonly bus: Bus;
  readonly database: Database;
  readonly logger: Logger;
  /**
   * Opens what seals and opens personal data. Called only for contexts whose events have such: the others work without
   * the master keys.
   * @throws Error that names the setting, or the service that is away
   */
  openPrivacy(): Promise<Privacy>;
}

/** Returns how the context seals and opens personal data; undefined if its events have none. */
export async function privacyOf(connections: Connections): Promise<Privacy | undefined> {
  return connections.context.events.keys.length === 0 ? undefined : connections.openPrivacy();
}

/** Opens the context over its database. @throws errors of {@link Connections.openPrivacy} */
export async function openContext(connections: Connections, stopping: AbortSignal): Promise<OpenContext> {
  return connections.context.open(connections.database, { stopping, privacy: await privacyOf(connections) });
}

/** Returns the partition counts that the database remembers; the embedded log has none. */
export function pinsOf(database: Database): readonly PartitionPins[] {
  return database.pins ? [database.pins] : [];
}
