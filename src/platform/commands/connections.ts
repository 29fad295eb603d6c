import { type Backends, backendsOf } from '../process/backends.js';
import { type Config, loadConfig } from '../operating/config/config.js';
import type { Context } from '../context/define-context.js';
import { KeyRing } from '../privacy/key-ring.js';
import { expectUp } from '../tools/dependency.js';
import { dropExpired } from '../rebuilding/inspection.js';
import type { Connections as Maintained } from '../maintenance/connections.js';
import { Interrupted } from './command.js';
import type { KeyWrapper } from '../privacy/key-wrapper.js';
import { createLogger } from '../operating/logger.js';

/** The open log and database of a command that works on one bounded context. */
export interface Connections extends Maintained {
  readonly config: Config;
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
      const seals = shared.config.PERSONAL_DATA === 'sealed';
      const openPrivacy = async () => ({ ring: new KeyRing(await openKeyWrapper()), seals });
      return closeAfter(bus, () => work({ ...shared, context, bus, database, openKeyWrapper, openPrivacy }));
    });
  });
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
  const LOG_LEVEL = config.LOG_LEVEL === 'info' ? 'error' : config.LOG_LEVEL;
  const logger = createLogger({ ...config, LOG_LEVEL }, 'stderr');
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
