import type { Collection, Document } from 'mongodb';
import { batched, type BatchLimits } from '../tools/batching.js';
import { CALLER_TIMEOUT_MS } from './errors.js';
import { read } from './read.js';

// While the server works on one, the next is gathered.
const LIMITS: BatchLimits = {
  maxBatch: 500,
  maxWaiting: 10_000,
  maxFlushes: 2,
  timeoutMs: CALLER_TIMEOUT_MS,
};

/**
 * Finds by `_id`; what is asked for at the same moment is one query. Answers begin to be read after they were asked for,
 * so each is as new as one of its own would be.
 * @throws PlatformError `unavailable` when the server does not answer or too many finds wait.
 */
export function groupedFinds<T extends Document & { _id: string }>(
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
