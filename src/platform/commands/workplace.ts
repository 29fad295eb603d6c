import { type Backends, backendsOf } from '../process/backends.js';
import { type Config, loadConfig } from '../operating/config/config.js';
import type { Bus } from '../log/bus.js';
import type { PartitionPins } from '../log/partition-pins.js';
import type { Database } from '../context/database.js';
import type { Context } from '../context/define-context.js';
import { expectUp } from '../tools/dependency.js';
import { dropExpired } from '../rebuilding/inspection.js';
import { Interrupted } from './command.js';
import { createLogger } from '../operating/logger.js';
import type { Logger } from 'pino';

/** What a command that works on the log has at hand. */
export interface BusWorkplace {
  readonly config: Config;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Aborted by SIGTERM and SIGINT. */
  readonly interrupted: AbortSignal;
}

/** What a command that works on one bounded context has at hand. */
export interface Workplace extends BusWorkplace {
  readonly context: Context;
  readonly database: Database;
}

/**
 * Milliseconds that projections which are behind the log get before they are called different. Nobody else can have an
 * embedded database open, so nothing is behind there.
 */
export function lagToleranceFor({ database }: Workplace): number {
  return database.kind === 'embedded' ? 0 : 5_000;
}

/**
 * Opens the log and the context's database, as `serve` would, for as long as the work takes.
 * @throws as {@link loadConfig} does, and whatever `work` throws.
 */
export function atWork<T>(context: Context, work: (workplace: Workplace) => Promise<T>): Promise<T> {
  return onBackends(context, async (backends, equipment) => {
    const database = await backends.openDatabase(context.name);
    return using(database, async () => {
      const bus = await backends.openBus();
      return using(bus, () => work({ ...equipment, context, bus, database }));
    });
  });
}

/** What the database remembers of topics; the embedded log has no partitions to remember. */
export function pinsOf(database: Database): readonly PartitionPins[] {
  return database.pins ? [database.pins] : [];
}

/** Resolves when the database and the log are there. @throws Error that says which one is not. */
export async function expectReady({ database, bus }: Workplace): Promise<void> {
  await expectUp(database);
  await expectUp(bus);
  await dropExpired(database);
}

async function onBackends<T>(
  context: Context,
  work: (backends: Backends, equipment: Omit<BusWorkplace, 'bus'>) => Promise<T>,
): Promise<T> {
  const { config, warnings } = loadConfig([context.name]);
  // Standard output is for what the command was asked.
  const logger = createLogger(config.LOG_LEVEL === 'info' ? 'error' : config.LOG_LEVEL, 'stderr');
  for (const warning of warnings) logger.warn(warning);
  const interruption = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => interruption.abort(new Interrupted(`stopped by ${signal}`)));
  }
  process.removeAllListeners('warning');
  return work(backendsOf(config, logger), { config, logger, interrupted: interruption.signal });
}

async function using<T>(connection: { close(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await connection.close();
  }
}
