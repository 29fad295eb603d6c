import type { Context } from '../context/define-context.js';
import { parseConfig } from '../operating/config/config.js';
import { inMemory } from '../process/backends.js';
import { Process } from '../process/process.js';
import { silentLogger } from './silent-logger.js';

/** A running process on backends in memory. */
export interface InMemoryProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a process with these contexts. Only its backends are in memory, and they end with it. Resolves when it serves
 * requests and reacts to events.
 */
export async function startInMemory(contexts: readonly Context[]): Promise<InMemoryProcess> {
  const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, DRAIN_MS: 0 });
  const process = new Process(config, contexts, inMemory(silentLogger), silentLogger);
  await process.start();
  await process.joined();
  return { url: `http://127.0.0.1:${process.ports.port}`, stop: () => process.stop() };
}
