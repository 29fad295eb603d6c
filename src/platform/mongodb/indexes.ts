import type { Collection } from 'mongodb';
import type { Index } from '../context/database.js';
import { indexCommands } from './remembered-commands.js';
import { orUnavailable } from './errors.js';

/**
 * Creates the indexes that the queries of an aggregate collection need. Idempotent; several instances may run it at
 * once.
 * @throws PlatformError `unavailable`
 */
export async function createIndexes(collection: Collection<{ _id: string }>, indexes: readonly Index[]): Promise<void> {
  // Sparse: it contains only documents with pending events, so the sweeper reads no more than the backlog.
  await orUnavailable(() => collection.createIndex({ 'pending.time': 1 }, { sparse: true }, {}));
  await indexCommands(collection);
  if (indexes.length === 0) return;
  const keys = indexes.map((paths) => [...paths.map((path) => `state.${path}`), '_id']);
  const specifications = keys.map((key) => ({ key: Object.fromEntries(key.map((path) => [path, 1 as const])) }));
  await orUnavailable(() => collection.createIndexes(specifications));
}
