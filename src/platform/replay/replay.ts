import type { Restorable, Unlogged, Unpublished } from '../aggregate/aggregates.js';
import { PlatformError } from '../errors.js';
import type { Auditable } from './auditable.js';
import type { Fold } from './fold.js';
import type { Rebuild } from './rebuild.js';
import type { Replayable, SystemOfRecord } from './replayable.js';

const PORTION = 500;
/** A round of catching up that found no more than this is quick enough to be the last, with writes held back. */
const FEW_RECORDS = 2_000;
const MOST_ROUNDS = 50;
/** More than this waiting to be published is no backlog of a moment: the log is away, or nobody publishes. */
const MOST_PENDING = 10_000;

/** How a rebuild went. */
export interface Replayed {
  /** Milliseconds that writes to the live collections were held back. */
  readonly heldBack: number;
}

/** What somebody has to ask for. */
export interface TakingOver {
  /** That what the log does not have is lost. */
  readonly mayLose?: boolean;
}

/** Fills the new collections from all that the log holds, and gives them their indexes. */
export async function fill(target: Replayable, fold: Fold): Promise<void> {
  await fold.caughtUp();
  // Later than the documents: indexes are made faster in one go than kept.
  await target.prepare();
}

/**
 * Catches up with a log and a store that others go on writing to, and swaps the new collections in. Writes are held
 * back for the last, short round. What only the store knows (events not published yet, remembered commands) is taken
 * along.
 * @throws RebuildOvertaken
 * @throws PlatformError `rejected` when collections would end up with fewer documents, unless they may
 */
export async function takeOver(
  live: Replayable,
  target: Replayable,
  fold: Fold,
  rebuild: Rebuild<unknown>,
  { mayLose = false }: TakingOver = {},
): Promise<Replayed> {
  const pairs = live.systemsOfRecord.map((own, index) => ({
    live: own,
    target: target.systemsOfRecord[index] as SystemOfRecord,
  }));
  for (const {
    live: { store },
  } of pairs)
    await refuseBacklog(store);
  fold.mark();
  // Of what waits now much is published when it counts, so only the commands are taken already.
  for (const { live: from, target: to } of pairs) {
    await carryOver(from.store, to.store, (entry) => ({ ...entry, pending: [] }));
  }
  await catchUp(fold);

  const began = performance.now();
  await rebuild.fence();
  await fold.caughtUp();
  const waiting = await Promise.all(pairs.map(({ live: { store } }) => collect(store.waiting())));
  for (const [index, unpublished] of waiting.entries()) await fold.applyUnpublished(index, unpublished);
  await fold.seal();
  if (!mayLose) await refuseLoss(live, target);
  for (const [index, { live: from, target: to }] of pairs.entries()) {
    const ids = [...new Set([...fold.moved(from.stream.topic), ...idsOf(waiting[index])])];
    for (let start = 0; start < ids.length; start += PORTION) {
      await carryOver(from.store, to.store, (entry) => entry, ids.slice(start, start + PORTION));
    }
  }
  await rebuild.swap();
  return { heldBack: performance.now() - began };
}

/** @throws Error when there is more than a moment's worth: all of it would be applied with writes held back. */
async function refuseBacklog(store: Restorable): Promise<void> {
  if ((await store.backlog()).events <= MOST_PENDING) return;
  throw new PlatformError(
    'unavailable',
    'unavailable',
    `more than ${MOST_PENDING} events of ${store.topic} are not published yet: is the log away?`,
  );
}

function idsOf(waiting: readonly Unpublished[] = []): string[] {
  return waiting.map(({ id }) => id);
}

async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const each of all) collected.push(each);
  return collected;
}

/** A log that knows of less than the database is the wrong one, or has lost something: a rebuild would make it final. */
async function refuseLoss(live: Replayable, target: Replayable): Promise<void> {
  for (const [index, before] of live.collections.entries()) {
    const after = target.collections[index] as Auditable;
    for (const how of ['estimated', 'exact'] as const) {
      const [is, wouldBe] = await Promise.all([before.count(how), after.count(how)]);
      if (wouldBe >= is) break;
      if (how === 'exact') {
        const message = `${before.collection} has ${is} documents, and by the log it would have ${wouldBe}`;
        throw new PlatformError('rejected', 'would-lose-documents', message);
      }
    }
  }
}

async function catchUp(fold: Fold): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = fold.progress.read;
    await fold.caughtUp();
    if (fold.progress.read - before <= FEW_RECORDS) return;
  }
}

async function carryOver(
  from: Restorable,
  to: Restorable,
  as: (entry: Unlogged<unknown>) => Unlogged<unknown>,
  ids?: readonly string[],
): Promise<void> {
  let portion: Unlogged<unknown>[] = [];
  for await (const entry of from.unlogged(ids)) {
    portion.push(as(entry));
    if (portion.length < PORTION) continue;
    await to.adopt(portion);
    portion = [];
  }
  await to.adopt(portion);
}
