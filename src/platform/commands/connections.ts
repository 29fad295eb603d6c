import { type Backends, backendsOf } from '../process/backends.js';
import { type Config, loadConfig } from '../operating/config/config.js';
import type { Bus } from '../log/bus.js';
import type { PartitionPins } from '../log/partition-pins.js';
import type { Database } from '../context/database.js';
import type { Context } from '../context/define-context.js';
import { expectUp } from '../tools/dependency.js';
import { dropExpired } from '../rebuilding/inspection.js';
import { Interrupted } from './command.js';
import type { KeyWrapper } from '../privacy/key-wrapper.js';
import { createLogger } from '../operating/logger.js';
import type { Logger } from 'pino';

/** The open log and database of a command that works on one bounded context. */
export interface Connections {
  readonly config: Config;
  readonly context: Context;
  readonly bus: Bus;
  readonly database: Database;
  readonly logger: Logger;
  /**
   * Opens the master keys. Only when they are used: a command that opens no personal data works without them.
   * @throws Error that names the setting, or the service that is away
   */
  openKeyWrapper(): Promise<KeyWrapper>;
  /** Aborted by SIGTERM and SIGINT. */
  readonly interrupted: AbortSignal;
}

/**
 * Returns the milliseconds that a lagging projection gets to catch up before it counts as different. Zero for the
 * embedded database: no other process can have it open, so nothing lags.
 */
export function lagToleranceMs({ database }: Connections): number {
  return database.kind === 'embedded' ? 0 : 5_000;
}

/**
 * Opens the log and the context's database as `serve` does, runs `work`, and closes both.
 * @throws as {@link loadConfig} does, and the errors of `work`
 */
export function withConnections<T>(context: Context, work: (connections: Connections) => Promise<T>): Promise<T> {
  return withBackends(context, async (backends, shared) => {
    const database = await backends.openDatabase(context.name);
    return closeAfter(database, async () => {
      const bus = await backends.openBus();
      const openKeyWrapper = () => backends.openKeyWrapper();
      return closeAfter(bus, () => work({ ...shared, context, bus, database, openKeyWrapper }));
    });
  });
}

/** Returns the partition counts that the database remembers; the embedded log has none. */
export function pinsOf(database: Database): readonly PartitionPins[] {
  return database.pins ? [database.pins] : [];
}

/** Resolves when the database and the log answer. @throws Error that names the one that does not */
export async function expectReady({ database, bus }: Connections): Promise<void> {
  await expectUp(database);
  await expectUp(bus);
  await dropExpired(database);
}

async function withBackends<T>(
  context: Context,
  work: (backends: Backends, shared: Pick<Connections, 'config' | 'logger' | 'interrupted'>) => Promise<T>,
): Promise<T> {
  const { config, warnings } = loadConfig([context.name]);
  // Standard output is reserved for the command's own output.
  const logger = createLogger(config.LOG_LEVEL === 'info' ? 'error' : config.LOG_LEVEL, 'stderr');
  for (const warning of warnings) logger.warn(warning);
  const interruption = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => interruption.abort(new Interrupted(`stopped by ${signal}`)));
  }
  process.removeAllListeners('warning');
  return work(backendsOf(config, logger), { config, logger, interrupted: interruption.signal });
}

async function closeAfter<T>(connection: { close(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await connection.close();
  }
}
