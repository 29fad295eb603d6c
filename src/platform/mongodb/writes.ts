import type { AnyBulkWriteOperation, Collection, Document } from 'mongodb';
import { batched, type BatchLimits } from '../tools/batching.js';
import { isNotStorable } from '../tools/errors.js';
import { BATCH_TIMEOUT_MS, CALLER_TIMEOUT_MS } from './errors.js';
import { type Refusal, writeWhenUnfenced } from './fence.js';

/** The refusal of an operation; undefined when it was applied. */
export type WriteResult = Refusal | undefined;

/**
 * Writes to one collection. Returns the outcome of each operation, in order.
 * @throws PlatformError `unavailable` when the server does not answer or too many writes wait, `not-storable` when
 *   some of the operations cannot be sent
 */
export type Write<T extends Document> = (
  operations: readonly AnyBulkWriteOperation<T>[],
) => Promise<readonly WriteResult[]>;

// Two at a time: while the server works on one, the next one is prepared.
const LIMITS: BatchLimits = {
  maxBatch: 1_000,
  maxWaiting: 10_000,
  maxFlushes: 2,
  timeoutMs: CALLER_TIMEOUT_MS,
};

/** For callers that write large batches already. Those gain more from running in parallel than from growing. */
export const BATCH_LIMITS: BatchLimits = { ...LIMITS, maxFlushes: 4, timeoutMs: BATCH_TIMEOUT_MS };

/** Writes each call separately. */
export function writesTo<T extends Document>(collection: Collection<T>): Write<T> {
  return async (operations) => {
    const refused = await writeWhenUnfenced(collection, operations);
    return operations.map((_, index) => refused.get(index));
  };
}

/**
 * Group commit: concurrent calls share one unordered bulk write. Each caller gets only the outcomes of its own
 * operations.
 * @param onBulkWrite called with the number of calls that share a bulk write
 */
export function groupCommit<T extends Document>(
  collection: Collection<T>,
  limits = LIMITS,
  onBulkWrite: (calls: number) => void = () => undefined,
): Write<T> {
  type Operations = Parameters<Write<T>>[0];

  async function writeTogether(
    calls: readonly Operations[],
    wasTriedBefore = false,
  ): Promise<readonly WriteResult[][]> {
    const { timeoutMs = BATCH_TIMEOUT_MS } = limits;
    const refused = await writeWhenUnfenced(collection, calls.flat(), { wasTriedBefore, timeoutMs });
    let first = 0;
    return calls.map((operations) => {
      const begin = first;
      first += operations.length;
      return operations.map((_, index) => refused.get(begin + index));
    });
  }

  const flush = batched<Operations, readonly WriteResult[] | Error>(limits, async (calls) => {
    onBulkWrite(calls.length);
    try {
      return await writeTogether(calls);
    } catch (error) {
      if (calls.length === 1 || !isNotStorable(error)) throw error;
    }
    // One call made the whole batch fail, with a document that is too large or nested too deeply. The driver may have
    // sent a part before (inserts go first), so each call is repeated separately, as an operation tried before.
    return Promise.all(calls.map((call) => writeTogether([call], true).then(([outcomes]) => outcomes ?? [], asError)));
  });

  return async (operations) => {
    const outcomes = await flush(operations);
    if (outcomes instanceof Error) throw outcomes;
    return outcomes;
  };
}

function asError(error: unknown): Error {
  return error as Error;
}
