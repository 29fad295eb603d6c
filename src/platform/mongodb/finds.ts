import type { Collection, Document } from 'mongodb';
import { batched, type BatchLimits } from '../tools/batching.js';
import { CALLER_TIMEOUT_MS } from './errors.js';
import { read } from './read.js';

// Two at a time: while the server works on one, the next one collects ids.
const LIMITS: BatchLimits = {
  maxBatch: 500,
  maxWaiting: 10_000,
  maxFlushes: 2,
  timeoutMs: CALLER_TIMEOUT_MS,
};

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
