import type { Restorable } from '../aggregate/aggregates.js';
import { PlatformError } from '../tools/errors.js';
import type { Auditable } from './auditable.js';
import type { LogProjector, ProjectorOptions } from './projector.js';
import { carryOver, Kind, type TakingOver } from './takeover.js';
import { type Links, toLink } from './links.js';
import type { Rebuild } from './rebuild.js';
import type { Replayable, SystemOfRecord } from './replayable.js';

/** A round of catching up that found no more than this is quick enough to be the last, with writes held back. */
const MAX_LAST_ROUND_RECORDS = 2_000;
const MAX_ROUNDS = 50;
/** More than this waiting to be published is no backlog of a moment: the log is away, or nobody publishes. */
const MAX_PENDING = 10_000;

/** How a rebuild went. */
export interface Replayed {
  /** Milliseconds that writes to the live collections were held back. */
  readonly heldBack: number;
}

/** For a fold: keeps what the log says of the context's own aggregates. */
export function recordLinks(links: Links, { systemsOfRecord }: Replayable): NonNullable<ProjectorOptions['observe']> {
  const topics = new Set(systemsOfRecord.map(({ stream: { topic } }) => topic));
  return async (observed) => {
    // What cannot be read leads nowhere, whatever its hash.
    const own = observed.filter(({ record: { topic }, isUnread }) => topics.has(topic) && !isUnread);
    if (own.length > 0) await links.add(own.map(toLink));
  };
}

/** Fills the new collections from all that the log holds, and gives them their indexes. */
export async function fill(target: Replayable, fold: LogProjector): Promise<void> {
  await fold.caughtUp();
  // Later than the documents: indexes are made faster in one go than kept.
  await target.prepare();
}

/**
 * Catches up with a log and a store that others go on writing to, and swaps the new collections in. Writes are held
 * back for the last, short round. What only the store knows (events not published yet, remembered commands) is taken
 * along.
 * @throws RebuildOvertaken
 * @throws PlatformError `rejected` when something would be lost that the log does not have, unless it may
 */
export async function takeOver(
  live: Replayable,
  target: Replayable,
  fold: LogProjector,
  rebuild: Rebuild<unknown>,
  taking: TakingOver,
): Promise<Replayed> {
  const kinds = live.systemsOfRecord.map(
    (own, index) => new Kind(own, target.systemsOfRecord[index] as SystemOfRecord, index, fold, taking),
  );
  for (const { live: own } of kinds) await refuseBacklog(own.store);
  fold.mark();
  // Of what waits now much is published when it counts, so only the commands are taken already.
  for (const { live: from, target: to } of kinds) {
    await carryOver(from.store, to.store, (entry) => ({ ...entry, pending: [] }));
  }
  await catchUp(fold);
  let inTheWay = 0;
  for (const kind of kinds) inTheWay += await kind.survey();
  refuse(inTheWay);
  for (const kind of kinds) await kind.readStates();

  const began = performance.now();
  await rebuild.fence();
  await fold.caughtUp();
  for (const kind of kinds) refuse(await kind.surveyMoved());
  for (const kind of kinds) await kind.applyWaiting();
  await fold.seal();
  if (taking.mayLose !== true) await refuseLoss(live, target, taking.keep !== undefined);
  for (const kind of kinds) await kind.complete();
  await rebuild.swap();
  return { heldBack: performance.now() - began };
}

/** @throws PlatformError `rejected` when there are any. */
function refuse(inTheWay: number): void {
  if (inTheWay === 0) return;
  const aggregates = inTheWay === 1 ? '1 aggregate is' : `${inTheWay} aggregates are`;
  const message = `${aggregates} ahead of the log or on another branch; nothing was changed`;
  throw new PlatformError('rejected', 'would-lose-changes', message);
}

/** @throws Error when there is more than a moment's worth: all of it would be applied with writes held back. */
async function refuseBacklog(store: Restorable): Promise<void> {
  if ((await store.backlog()).events <= MAX_PENDING) return;
  throw new PlatformError(
    'unavailable',
    'unavailable',
    `more than ${MAX_PENDING} events of ${store.topic} are not published yet: is the log away?`,
  );
}

/** A log that knows of less than the database is the wrong one, or has lost something: a rebuild would make it final. */
async function refuseLoss(live: Replayable, target: Replayable, isForkEnded: boolean): Promise<void> {
  // Where a branch is given up there are fewer: its aggregates have been looked at one by one.
  const own = live.systemsOfRecord.flatMap(({ states, recorded }) => [states, recorded?.entries]);
  for (const [index, before] of live.collections.entries()) {
    if (isForkEnded && own.includes(before)) continue;
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

async function catchUp(fold: LogProjector): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = fold.progress.read;
    await fold.caughtUp();
    if (fold.progress.read - before <= MAX_LAST_ROUND_RECORDS) return;
  }
}
