import { backendsOf } from '../backends.js';
import { type Config, loadConfig } from '../platform/config/config.js';
import type { Bus } from '../platform/bus/bus.js';
import type { BoundedContext, Database } from '../platform/context.js';
import { Interrupted } from './command.js';
import { createLogger } from '../platform/logger.js';
import type { Logger } from 'pino';

/** What a command that works on one bounded context has at hand. */
export interface Workplace {
  readonly config: Config;
  readonly context: BoundedContext;
  readonly bus: Bus;
  readonly database: Database;
  readonly logger: Logger;
  /** Aborted by SIGTERM and SIGINT. */
  readonly interrupted: AbortSignal;
}

/**
 * Milliseconds that projections which are behind the log get before they are called different. Nobody else can have an
 * embedded database open, so nothing is behind there.
 */
export function patienceFor({ database }: Workplace): number {
  return database.kind === 'embedded' ? 0 : 5_000;
}

/**
 * Opens the log and the context's database, as `serve` would, for as long as the work takes.
 * @throws as {@link loadConfig} does, and whatever `work` throws.
 */
export async function atWork<T>(context: BoundedContext, work: (workplace: Workplace) => Promise<T>): Promise<T> {
  const config = loadConfig();
  // Standard output is for what the command was asked.
  const logger = createLogger(config.LOG_LEVEL === 'info' ? 'error' : config.LOG_LEVEL, 'stderr');
  const backends = backendsOf(config, logger);
  const interruption = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => interruption.abort(new Interrupted(`stopped by ${signal}; everything is as it was`)));
  }
  process.on('warning', () => undefined).removeAllListeners('warning');
  const database = await backends.openDatabase(context.name);
  try {
    const bus = await backends.openBus();
    try {
      return await work({ config, context, bus, database, logger, interrupted: interruption.signal });
    } finally {
      await bus.close();
    }
  } finally {
    await database.close();
  }
}
