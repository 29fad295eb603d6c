import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyBulkWriteOperation, Collection, Db, Document, MongoBulkWriteError, WriteError } from 'mongodb';
import { unavailable } from '../tools/errors.js';
import { BATCH_TIMEOUT_MS, inTime, isWorthAnotherTry, orUnavailable, succeedsUnless } from './errors.js';

/** Who holds back every write to a collection, and until when. */
export interface Fence {
  /** Name of the collection that is to take the place of the fenced one. */
  readonly shadow: string;
  readonly until: Date;
}

/** Why the server refused an operation. */
export type Refusal = WriteError & {
  /** There was a try before, which nobody answered: it may have been done, and what this one met be its work. */
  readonly afterLostAnswer?: true;
};

const NAMESPACE_NOT_FOUND = 26;
const NAMESPACE_EXISTS = 48;
/** Milliseconds that a write waits for fences: longer than any of them is meant to stand. */
const MAX_FENCE_WAIT_MS = 10_000;
/** Milliseconds between two looks whether a fence still stands, made longer at random by up to as much. */
const POLL_INTERVAL_MS = 10;
/** Of commands that the driver gives none by itself. Else a failover could take back what has been answered. */
export const writeConcern = { w: 'majority' } as const;

/**
 * Makes the server refuse every insert and update of the collection, which is created where it is missing: with a
 * validator that no document passes. Answers when the writes that were on their way are over.
 */
export async function raiseFence(db: Db, live: string, fence: Fence): Promise<void> {
  const validation = { validator: { fence: { $eq: fence } }, validationLevel: 'strict', validationAction: 'error' };
  const change = (): Promise<unknown> => db.command({ collMod: live, ...validation, writeConcern });
  if (await succeedsUnless(NAMESPACE_NOT_FOUND, change)) return;
  // Else a write would create it, without the validator.
  const isNew = await succeedsUnless(NAMESPACE_EXISTS, () =>
    db.createCollection(live, { ...validation, writeConcern }),
  );
  if (!isNew) await change();
}

interface WriteOptions {
  /** Milliseconds for which fences are waited for. */
  readonly fenceWaitMs?: number;
  /** Milliseconds within which the server answers, fences aside. */
  readonly timeoutMs?: number;
  /** The operations were part of a try before, of which nobody knows how much was done. */
  readonly isTriedBefore?: boolean;
  readonly writeConcern?: { readonly w: number; readonly j: boolean };
}

/** Lets writes go on. It cannot tell one fence from another, so who lifts one must know whose it is. */
export async function liftFence(db: Db, live: string): Promise<void> {
  await succeedsUnless(NAMESPACE_NOT_FOUND, () => db.command({ collMod: live, validator: {}, writeConcern }));
}

/** The fence that a validator is, if it is one. */
export function fenceIn(validator: Document | undefined): Fence | undefined {
  const fence = (validator as { fence?: { $eq?: Partial<Fence> } } | undefined)?.fence?.$eq;
  return typeof fence?.shadow === 'string' && fence.until instanceof Date ? (fence as Fence) : undefined;
}

/**
 * One unordered bulk write, in which what meets a fence waits until that falls. A fence that ought to have fallen is
 * what a killed rebuild left behind, and is lifted here. What nobody answers is tried once more, so each operation has to
 * be one that may be done twice, or that is refused the second time.
 * @returns what was refused for any other reason, by the index of the operation
 * @throws PlatformError `unavailable` when the server does not answer or fences stand for longer than `fenceWaitMs`
 * (milliseconds). Some of the operations may be done then.
 */
export async function writeAroundFence<T extends Document>(
  collection: Collection<T>,
  operations: readonly AnyBulkWriteOperation<T>[],
  {
    fenceWaitMs = MAX_FENCE_WAIT_MS,
    timeoutMs = BATCH_TIMEOUT_MS,
    isTriedBefore = false,
    ...options
  }: WriteOptions = {},
): Promise<ReadonlyMap<number, Refusal>> {
  const refused = new Map<number, Refusal>();
  /** Of operations in a try that nobody answered, however many fences and tries came after it. */
  const unanswered = new Set<number>(isTriedBefore ? operations.keys() : []);
  let waiting = operations.map((operation, index) => ({ operation, index }));
  let fence: Fence | undefined;
  let giveUpAt = Infinity;
  while (waiting.length > 0) {
    // One operation finds out as well as a thousand whether the fence still stands.
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
    if (fence.until.getTime() <= Date.now()) await breakFence(collection, fence);
    else if (performance.now() >= giveUpAt) throw unavailable('a rebuild holds the writes back');
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
  return inTime(timeoutMs, async () => {
    try {
      return await failuresOfOne(bulkWrite);
    } catch (error) {
      if (!isWorthAnotherTry(error) || performance.now() - begun >= timeoutMs) throw error;
    }
    onLostAnswer();
    return failuresOfOne(bulkWrite);
  });
}

async function failuresOfOne(bulkWrite: () => Promise<unknown>): Promise<readonly WriteError[]> {
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
 * The shadow goes first: a rebuild that was only slow then has nothing to put in the place of what is written from now
 * on. If it has put it there already, there is no shadow to drop and no fence on what took the place.
 */
async function breakFence<T extends Document>({ db, collectionName }: Collection<T>, { shadow }: Fence): Promise<void> {
  await orUnavailable(async () => {
    await db.dropCollection(shadow);
    await liftFence(db, collectionName);
  });
}
