import { type Backends, backendsOf } from '../process/backends.js';
import { type Config, loadConfig } from '../operating/config/config.js';
import type { Bus } from '../log/bus.js';
import type { PartitionPins } from '../log/partition-pins.js';
import type { Database } from '../context/database.js';
import type { Context } from '../context/define-context.js';
import type { OpenContext } from '../context/open-context.js';
import type { Privacy } from '../context/person-keys.js';
import { keysInMemory } from '../privacy/keys-in-memory.js';
import { KeyRing } from '../privacy/key-ring.js';
import { KeysOfLog } from '../privacy/keys-of-log.js';
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

/**
 * Opens the command's context, with the keys for personal data if its events have such.
 * @throws errors of {@link Connections.openKeyWrapper}
 */
export async function openContext(connections: Connections): Promise<OpenContext> {
  const { context, database, interrupted } = connections;
  return context.open(database, { stopping: interrupted, privacy: await privacyOf(connections) });
}

/** Returns how the context seals and opens personal data; undefined if its events have none. */
export async function privacyOf(connections: Connections): Promise<Privacy | undefined> {
  const { context, config } = connections;
  if (context.events.keys.length === 0) return undefined;
  return { ring: new KeyRing(await connections.openKeyWrapper()), seals: config.PERSONAL_DATA === 'sealed' };
}

/** The command's context, and how to open it over other databases, for a rebuild from the log. */
export interface RebuildableContext {
  readonly live: OpenContext;
  /** Opens the context over new collections, with all keys that are in the log. */
  open(database: Database): OpenContext;
  /** Returns the number of persons whose events nobody can open, though they were never erased. */
  countLostKeys(): number;
}

/**
 * Reads the topics of keys to their ends, which the events that come after need.
 * @param scratch has room for the keys
 */
export async function withKeysOfLog<T>(
  connections: Connections,
  scratch: Database,
  work: (rebuildable: RebuildableContext) => Promise<T>,
): Promise<T> {
  const { context, bus, database, interrupted: stopping } = connections;
  const privacy = await privacyOf(connections);
  const live = context.open(database, { stopping, privacy });
  const keys = new Map<string, KeysOfLog>();
  try {
    for (const topic of context.events.keys) {
      const owner = live.stores.find(({ keysTopic }) => keysTopic === topic);
      keys.set(topic, await KeysOfLog.read(topic, bus, keysInMemory(scratch.stores.keyCopies(topic)), owner?.keys));
    }
    const allKeys = (topic: string) => keys.get(topic) as KeysOfLog;
    return await work({
      live,
      open: (other) => context.open(other, { stopping, privacy: privacy && { ...privacy, allKeys } }),
      countLostKeys: () => [...keys.values()].reduce((sum, { lost }) => sum + lost.size, 0),
    });
  } finally {
    for (const each of keys.values()) await each.stop();
  }
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
