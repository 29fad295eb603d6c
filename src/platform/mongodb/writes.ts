import type { AnyBulkWriteOperation, Collection, Document } from 'mongodb';
import { batched, type BatchLimits } from '../tools/batching.js';
import { isNotStorable } from '../tools/errors.js';
import { BATCH_TIMEOUT_MS, CALLER_TIMEOUT_MS } from './errors.js';
import { type Refusal, writeAroundFence } from './fence.js';

/** Why an operation was refused, if it was. */
export type Outcome = Refusal | undefined;

/**
 * Writes to one collection, and answers what became of each operation, in order.
 * @throws PlatformError `unavailable` when the server does not answer or too many writes wait, `not-storable` when
 *   some of the operations cannot even be sent.
 */
export type Write<T extends Document> = (
  operations: readonly AnyBulkWriteOperation<T>[],
) => Promise<readonly Outcome[]>;

// While the server works on one, the next is prepared.
const LIMITS: BatchLimits = {
  maxBatch: 1_000,
  maxWaiting: 10_000,
  maxFlushes: 2,
  timeoutMs: CALLER_TIMEOUT_MS,
};

/** For whoever writes large batches anyway, which gain more from being done side by side than from growing. */
export const BATCHES: BatchLimits = { ...LIMITS, maxFlushes: 4, timeoutMs: BATCH_TIMEOUT_MS };

/** Writes each call by itself. */
export function writesTo<T extends Document>(collection: Collection<T>): Write<T> {
  return async (operations) => {
    const refused = await writeAroundFence(collection, operations);
    return operations.map((_, index) => refused.get(index));
  };
}

/**
 * Group commit: what is written to a collection at the same moment goes as one unordered bulk write, around fences, and
 * nobody is told of another's failure.
 */
export function groupedWrites<T extends Document>(collection: Collection<T>, limits = LIMITS): Write<T> {
  type Operations = Parameters<Write<T>>[0];

  async function writeTogether(calls: readonly Operations[], isTriedBefore = false): Promise<readonly Outcome[][]> {
    const { timeoutMs = BATCH_TIMEOUT_MS } = limits;
    const refused = await writeAroundFence(collection, calls.flat(), { isTriedBefore, timeoutMs });
    let first = 0;
    return calls.map((operations) => {
      const begin = first;
      first += operations.length;
      return operations.map((_, index) => refused.get(begin + index));
    });
  }

  const flush = batched<Operations, readonly Outcome[] | Error>(limits, async (calls) => {
    try {
      return await writeTogether(calls);
    } catch (error) {
      if (calls.length === 1 || !isNotStorable(error)) throw error;
    }
    // One of them spoilt it for all: a document too large to be sent, or nested too deeply to be parsed. What the driver
    // had sent before that is done: inserts go before updates.
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
