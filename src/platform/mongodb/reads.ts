import type { Collection, Document } from 'mongodb';
import { batched, type BatchLimits } from '../tools/batching.js';
import { unavailable } from '../tools/errors.js';
import { CALLER_TIMEOUT_MS, orUnavailableAfter, orUnavailable } from './errors.js';

/** CursorNotFound, QueryPlanKilled, CursorKilled, SnapshotUnavailable: the collection was replaced during the read. */
const REPLACED = new Set([43, 175, 237, 246]);
const MAX_TRIES = 10;
// Two at a time: while the server works on one, the next one collects ids.
const LIMITS: BatchLimits = {
  maxBatch: 500,
  maxWaiting: 10_000,
  maxFlushes: 2,
  timeoutMs: CALLER_TIMEOUT_MS,
};

/**
 * Runs a read, and restarts it when the collection is replaced meanwhile.
 * @throws PlatformError `unavailable` when the server does not answer in time, or the collection is replaced repeatedly
 */
export function read<T>(call: () => Promise<T>, timeoutMs = CALLER_TIMEOUT_MS): Promise<T> {
  return orUnavailableAfter(timeoutMs, () => readAgain(call));
}

async function readAgain<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await orUnavailable(call);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && REPLACED.has(Number(error.code)))) throw error;
      if (tries === MAX_TRIES) throw unavailable('the collection was replaced repeatedly during the read', error);
    }
  }
}

/**
 * Finds documents by `_id`, with one query for concurrent calls. The query starts after every caller has asked, so
 * batching never returns staler data than a separate query would.
 * @throws PlatformError `unavailable` when the server does not answer or too many finds wait
 */
export function batchedFinds<T extends Document & { _id: string }>(
  collection: Collection<T>,
  projection: Document = {},
): (id: string) => Promise<T | undefined> {
  return batched<string, T | undefined>(LIMITS, async (ids) => {
    const filter = (ids.length === 1 ? { _id: ids[0] } : { _id: { $in: ids } }) as object;
    const options = { projection, batchSize: ids.length + 1 };
    const documents = (await read(() => collection.find(filter, options).toArray())) as unknown as T[];
    const byId = new Map(documents.map((document) => [document._id, document]));
    return ids.map((id) => byId.get(id));
  });
}
