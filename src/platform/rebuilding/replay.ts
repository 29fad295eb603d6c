import type { Restorable } from '../aggregate/aggregates.js';
import { PlatformError } from '../tools/errors.js';
import type { Auditable } from './auditable.js';
import type { LogProjector, ProjectorOptions } from './projector.js';
import { copyUnlogged, AggregateTakeover, type TakeoverOptions } from './takeover.js';
import { type Link, type Links, toLink } from './links.js';
import type { Rebuild } from './rebuild.js';
import type { Replayable, SystemOfRecord } from './replayable.js';
import { RestoredStates } from './restored-states.js';

/** Catching up may continue behind the write fence once a round has found no more records than this. */
const MAX_LAST_ROUND_RECORDS = 2_000;
const MAX_ROUNDS = 50;
/** With more pending events than this, the log is unavailable or no relay is running. */
const MAX_PENDING = 10_000;

/** The outcome of a replay. */
export interface Replayed {
  /** Milliseconds for which writes to the live collections were blocked. */
  readonly heldBack: number;
}

/** Returns options for a projector that restores the newest states, and stores the links of the own aggregates. */
export function newestStates(
  links: Pick<Links, 'add' | 'remove'>,
  { systemsOfRecord }: Replayable,
): Required<Pick<ProjectorOptions, 'observe' | 'newestOnly'>> {
  const topics = new Set(systemsOfRecord.map(({ stream: { topic } }) => topic));
  // A record that cannot be applied is no part of the chain, whatever its hash.
  return {
    observe: async (observed) => {
      const own = observed.filter(({ record: { topic }, isUnread }) => topics.has(topic) && !isUnread);
      if (own.length > 0) await links.add(own.map(toLink));
    },
    newestOnly: { retract: (events) => links.remove(events.map(toLink)) },
  };
}

/** Fills the new collections from the whole log, then creates their indexes. */
export async function fill(target: Replayable, projector: LogProjector): Promise<void> {
  await projector.caughtUp();
  // After the documents: building an index once is faster than updating it for each write.
  await target.prepare();
}

/**
 * Catches up while other processes write to the log and the store, then swaps the new collections in. A write fence
 * blocks writes during the last, short round. If the states are rebuilt, data that only the store has (pending events,
 * remembered commands) is copied.
 * @throws RebuildOvertaken
 * @throws PlatformError `rejected` when data that the log lacks would be lost, unless `mayLose` or `keep` permits it, and
 * when the new collections lack what the log has
 */
export async function takeOver(
  live: Replayable,
  target: Replayable,
  projector: LogProjector,
  rebuild: Rebuild<unknown>,
  options: TakeoverOptions,
): Promise<Replayed> {
  const takeovers = live.systemsOfRecord.map(
    (own, index) =>
      new AggregateTakeover(own, target.systemsOfRecord[index] as SystemOfRecord, index, projector, options),
  );
  // A history has nothing that is not in the log.
  const restoring = takeovers.filter(({ target: { states } }) => target.collections.includes(states));
  for (const { live: own } of restoring) await refuseBacklog(own.store);
  projector.mark();
  // What was read before is not marked, and commands are copied only to aggregates that are there.
  await projector.caughtUp();
  // Only the commands yet: most of the events that are pending now will be published before the swap.
  for (const { live: from, target: to } of restoring) {
    await copyUnlogged(from.store, to.store, (entry) => ({ ...entry, pending: [] }));
  }
  await catchUp(projector);
  let conflictCount = 0;
  const restored = new Map(restoring.map((takeover) => [takeover, new RestoredStates(takeover.target)]));
  for (const takeover of takeovers) conflictCount += await takeover.countConflicts(restored.get(takeover));
  refuse(conflictCount);
  for (const [takeover, states] of restored) {
    refuseUnrestored(await states.missing(projector));
    await takeover.readStates();
    await takeover.copyKeys();
  }
  // That took a while, and what has come since should not be restored behind the write fence.
  await catchUp(projector);

  const began = performance.now();
  await rebuild.fence();
  await projector.caughtUp();
  for (const takeover of takeovers) refuse(await takeover.countNewConflicts());
  for (const takeover of restoring) await takeover.applyPending();
  await projector.seal();
  if (options.mayLose !== true) await refuseLoss(live, target, options.keep !== undefined);
  for (const takeover of restoring) {
    await takeover.complete();
    await takeover.copyKeys();
  }
  await rebuild.swap();
  return { heldBack: performance.now() - began };
}

/** @throws PlatformError `rejected` when the new collections are not what the log says. */
function refuseUnrestored(missing: readonly Link[]): void {
  const [first] = missing;
  if (!first) return;
  const some = `${missing.length} aggregates of ${first.topic}, such as ${first.id},`;
  const message = `${some} were not restored as the log has them, for a reason that is not known; nothing was changed`;
  throw new PlatformError('rejected', 'not-restored', message);
}

/** @throws PlatformError `rejected` when there are conflicts. */
function refuse(conflictCount: number): void {
  if (conflictCount === 0) return;
  const aggregates = conflictCount === 1 ? '1 aggregate is' : `${conflictCount} aggregates are`;
  const message = `${aggregates} ahead of the log or forked; nothing was changed`;
  throw new PlatformError('rejected', 'would-lose-changes', message);
}

/** @throws PlatformError `unavailable` when the backlog is large: it would all be applied behind the write fence. */
async function refuseBacklog(store: Restorable): Promise<void> {
  if ((await store.backlog()).events <= MAX_PENDING) return;
  throw new PlatformError(
    'unavailable',
    'unavailable',
    `more than ${MAX_PENDING} events of ${store.topic} are not published; check Kafka and the relay`,
  );
}

/**
 * With fewer documents in the log it is the wrong log, or it has lost records: a swap would make the loss permanent.
 */
async function refuseLoss(live: Replayable, target: Replayable, isForkEnded: boolean): Promise<void> {
  // Discarding a branch may lower the count. Its aggregates have been checked one by one.
  const own = live.systemsOfRecord.flatMap(({ states, recorded }) => [states, recorded?.entries]);
  for (const [index, before] of live.collections.entries()) {
    if (isForkEnded && own.includes(before)) continue;
    const after = target.collections[index] as Auditable;
    for (const how of ['estimated', 'exact'] as const) {
      const [is, wouldBe] = await Promise.all([before.count(how), after.count(how)]);
      if (wouldBe >= is) break;
      if (how === 'exact') {
        const message = `${before.collection} has ${is} documents, the log yields only ${wouldBe}; nothing was changed`;
        throw new PlatformError('rejected', 'would-lose-documents', message);
      }
    }
  }
}

async function catchUp(projector: LogProjector): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = projector.progress.read;
    await projector.caughtUp();
    if (projector.progress.read - before <= MAX_LAST_ROUND_RECORDS) return;
  }
}
