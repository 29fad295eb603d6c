import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyBulkWriteOperation, Collection, Db, Document, MongoBulkWriteError, WriteError } from 'mongodb';
import { unavailable } from '../tools/errors.js';
import { BATCH_TIMEOUT_MS, orUnavailableAfter, isRetryable, orUnavailable, succeedsUnless } from './errors.js';

/** A write fence: blocks all inserts and updates of a collection until it is lifted or expires. */
export interface WriteFence {
  /** Name of the collection that will replace the fenced one. */
  readonly shadow: string;
  readonly until: Date;
}

/** Why the server refused an operation. */
export type Refusal = WriteError & {
  /**
   * The answer to an earlier attempt was lost. That attempt may have been applied, and may be the cause of this
   * refusal.
   */
  readonly afterLostAnswer?: true;
};

const NAMESPACE_NOT_FOUND = 26;
const NAMESPACE_EXISTS = 48;
/** How long a write waits for write fences: longer than any of them should stand. */
const MAX_FENCE_WAIT_MS = 10_000;
/** Minimum interval between two attempts behind a write fence. A random delay of up to the same length is added. */
const POLL_INTERVAL_MS = 10;
/**
 * For commands to which the driver adds no write concern. Without it a failover could roll back an answered command.
 */
export const writeConcern = { w: 'majority' } as const;

/**
 * Raises a write fence: sets a validator that no document passes, so that the server refuses every insert and update.
 * Creates the collection if it is missing. Resolves when the writes in flight have finished.
 */
export async function raiseFence(db: Db, live: string, fence: WriteFence): Promise<void> {
  const validation = { validator: { fence: { $eq: fence } }, validationLevel: 'strict', validationAction: 'error' };
  const change = (): Promise<unknown> => db.command({ collMod: live, ...validation, writeConcern });
  if (await succeedsUnless(NAMESPACE_NOT_FOUND, change)) return;
  // Otherwise a write would create the collection without the validator.
  const isNew = await succeedsUnless(NAMESPACE_EXISTS, () =>
    db.createCollection(live, { ...validation, writeConcern }),
  );
  if (!isNew) await change();
}

interface WriteOptions {
  /** How long to wait for write fences, in milliseconds. */
  readonly fenceWaitMs?: number;
  /** Timeout of each bulk write, in milliseconds. */
  readonly timeoutMs?: number;
  /** The operations were part of an earlier attempt, which may have been applied in part. */
  readonly wasTriedBefore?: boolean;
  readonly writeConcern?: { readonly w: number; readonly j: boolean };
}

/** Lifts a write fence. It lifts any fence of the collection, so the caller must make sure that it is the right one. */
export async function liftFence(db: Db, live: string): Promise<void> {
  await succeedsUnless(NAMESPACE_NOT_FOUND, () => db.command({ collMod: live, validator: {}, writeConcern }));
}

/** Returns the write fence in a validator; undefined for any other validator. */
export function fenceIn(validator: Document | undefined): WriteFence | undefined {
  const fence = (validator as { fence?: { $eq?: Partial<WriteFence> } } | undefined)?.fence?.$eq;
  return typeof fence?.shadow === 'string' && fence.until instanceof Date ? (fence as WriteFence) : undefined;
}

/**
 * Runs one unordered bulk write. Operations that a write fence blocks are retried until it is lifted. An expired fence
 * is a leftover of a killed rebuild, and is removed here. A bulk write whose answer is lost is retried once, so each
 * operation must be idempotent, or must be refused the second time.
 * @returns the operations refused for any other reason, by their index
 * @throws PlatformError `unavailable` when the server does not answer, or write fences stand longer than `fenceWaitMs`.
 * Some of the operations may have been applied.
 */
export async function writeWhenUnfenced<T extends Document>(
  collection: Collection<T>,
  operations: readonly AnyBulkWriteOperation<T>[],
  {
    fenceWaitMs = MAX_FENCE_WAIT_MS,
    timeoutMs = BATCH_TIMEOUT_MS,
    wasTriedBefore = false,
    ...options
  }: WriteOptions = {},
): Promise<ReadonlyMap<number, Refusal>> {
  const refused = new Map<number, Refusal>();
  /** Indexes of operations in an attempt whose answer was lost, however many attempts follow. */
  const unanswered = new Set<number>(wasTriedBefore ? operations.keys() : []);
  let waiting = operations.map((operation, index) => ({ operation, index }));
  let fence: WriteFence | undefined;
  let giveUpAt = Infinity;
  while (waiting.length > 0) {
    // One operation is enough to find out whether the write fence still stands.
    const tried = fence ? waiting.slice(0, 1) : waiting;
    const untried = waiting.slice(tried.length);
    const failures = await failuresOf(
      () =>
        collection.bulkWrite(
          tried.map(({ operation }) => operation),
          { ...options, ordered: false },
        ),
      () => tried.forEach(({ index }) => unanswered.add(index)),
      timeoutMs,
    );
    fence = undefined;
    waiting = [];
    for (const failure of failures) {
      const write = tried[failure.index] as (typeof tried)[number];
      const met = fenceIn(
        (failure.errInfo as { details?: { specifiedAs?: Document } } | undefined)?.details?.specifiedAs,
      );
      if (met) waiting.push(write);
      else if (unanswered.has(write.index)) {
        refused.set(write.index, Object.assign(failure, { afterLostAnswer: true as const }));
      } else refused.set(write.index, failure);
      fence ??= met;
    }
    waiting.push(...untried);
    if (!fence) continue;
    giveUpAt = Math.min(giveUpAt, performance.now() + fenceWaitMs);
    if (fence.until.getTime() <= Date.now()) await removeExpiredFence(collection, fence);
    else if (performance.now() >= giveUpAt) throw unavailable('a rebuild is blocking writes; try again');
    else await sleep(POLL_INTERVAL_MS * (1 + Math.random()));
  }
  return refused;
}

function failuresOf(
  bulkWrite: () => Promise<unknown>,
  onLostAnswer: () => void,
  timeoutMs: number,
): Promise<readonly WriteError[]> {
  const begun = performance.now();
  return orUnavailableAfter(timeoutMs, async () => {
    try {
      return await attempt(bulkWrite);
    } catch (error) {
      if (!isRetryable(error) || performance.now() - begun >= timeoutMs) throw error;
    }
    onLostAnswer();
    return attempt(bulkWrite);
  });
}

async function attempt(bulkWrite: () => Promise<unknown>): Promise<readonly WriteError[]> {
  try {
    await orUnavailable(bulkWrite);
    return [];
  } catch (error) {
    const { writeErrors = [] } = error as Partial<MongoBulkWriteError>;
    const failures = [writeErrors].flat();
    if (failures.length === 0) throw error;
    return failures;
  }
}

/**
 * Removes an expired write fence. It drops the shadow first: if the rebuild was only slow, it can no longer replace the
 * documents that are written from now on. If it has swapped already, there is no shadow to drop, and no fence either.
 */
async function removeExpiredFence<T extends Document>(
  { db, collectionName }: Collection<T>,
  { shadow }: WriteFence,
): Promise<void> {
  await orUnavailable(async () => {
    await db.dropCollection(shadow);
    await liftFence(db, collectionName);
  });
}
