import type { Aggregate } from '../aggregate/aggregates.js';
import type { EmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import type { Difference } from '../rebuilding/compare.js';
import type { Replayable } from '../rebuilding/replayable.js';
import { restoreInto } from '../rebuilding/restore-into.js';
import { verify } from '../rebuilding/verify.js';
import type { StateChange } from '../views/read-own-events.js';
import type { Connections } from './connections.js';
import {
  findingOfConflict,
  findingOfDifference,
  findingOfFault,
  findingOfRefused,
  type Findings,
  FindingTally,
} from './findings.js';
import { type RebuildableContext, withKeysOfLog } from './rebuild-context.js';
import { type Run, runPhase } from './run.js';
import { withScratchDatabase } from './scratch.js';

export interface VerifyOptions {
  /** How long a copy may lag behind the log before it counts as different. */
  readonly lagToleranceMs: number;
  /**
   * Makes differing documents equal to the log. `safe` keeps data that the log lacks, `lossy` discards it. Default:
   * nothing is changed.
   */
  readonly repair?: 'safe' | 'lossy';
  /** Accepts events without a hash at the beginning of the log, which are older than the hash chain. */
  readonly allowUnhashed?: boolean;
}

/** The outcome of {@link verifyModule}. */
export interface Verified {
  /** `differs`: something is left that is at fault, after the repair if there was one. */
  readonly verdict: 'matches' | 'repaired' | 'differs';
  /** Number of records that were read from the log. */
  readonly records: number;
  /** Number of records that cannot be applied. They were ignored. */
  readonly skipped: number;
  /** Number of persons whose events nobody can open, though they were never erased. */
  readonly lostKeys: number;
  /** Number of history entries whose events are known to be lost from the log. */
  readonly lostEntries: number;
  readonly findings: Findings;
}

/**
 * Checks the log's integrity, compares the database with it, and repairs the database if that is wanted.
 * @throws PlatformError `unavailable`, and the signal's reason
 */
export function verifyModule(connections: Connections, options: VerifyOptions, run: Run): Promise<Verified> {
  return withScratchDatabase('verify', (scratch) =>
    withKeysOfLog(connections, scratch, run, (rebuildable) =>
      verifyIn(scratch, rebuildable, connections, options, run),
    ),
  );
}

async function verifyIn(
  scratch: EmbeddedDatabase,
  rebuildable: RebuildableContext,
  { bus, logger }: Connections,
  { lagToleranceMs, repair, allowUnhashed = false }: VerifyOptions,
  run: Run,
): Promise<Verified> {
  const live = rebuildable.live.replayable;
  const expected = rebuildable.open(scratch).replayable;
  const tally = new FindingTally(run.onFinding);
  let [records, lostEntries] = [0, 0];
  await verify({
    ...{ bus, live, expected, links: new EmbeddedLinks(scratch.level) },
    ...{ signal: run.signal, lagToleranceMs, allowUnhashed },
    read: async (projector) => {
      const progress = () => projector.progress;
      await runPhase(run, 'reading-log', () => projector.caughtUp(), progress);
      records = projector.progress.total;
    },
    compare: (work) => runPhase(run, 'comparing', work),
    onFault: (fault) => tally.add(findingOfFault(fault)),
    onRefused: (refused) => tally.add(findingOfRefused(refused)),
    onConflict: (conflict) => tally.add(findingOfConflict(conflict)),
    onKept: () => (lostEntries += 1),
    onDifference: async (difference) => {
      if (!difference.wouldLose) tally.add(findingOfDifference(difference));
      else if (!difference.isTold) tally.add(findingOfDifference(difference, 'ahead'));
      if (repair === 'lossy' || (repair === 'safe' && !difference.wouldLose))
        await repairDocument(live, expected, difference);
    },
    onFailure: (error) => logger.warn({ err: error }, 'database unavailable; retrying'),
  });
  const lostKeys = rebuildable.countLostKeys();
  const found = { skipped: tally.count('unreadable'), lostKeys, lostEntries, findings: tally.all() };
  return { verdict: verdictOf(tally, lostKeys, repair), records, ...found };
}

function verdictOf(tally: FindingTally, lostKeys: number, repair: VerifyOptions['repair']): Verified['verdict'] {
  const unlogged = tally.count('conflict') + tally.count('ahead');
  const differing = tally.count('difference');
  const left = [repair ? 0 : differing, repair === 'lossy' ? 0 : unlogged, tally.count('fault'), lostKeys];
  if (left.some((count) => count > 0)) return 'differs';
  return differing + unlogged > 0 ? 'repaired' : 'matches';
}

async function repairDocument(
  { collections, systemsOfRecord }: Replayable,
  rebuilt: Replayable,
  { collection, key, found, expected }: Difference,
): Promise<void> {
  const at = systemsOfRecord.findIndex(({ states }) => states.collection === collection);
  const [own, theirs] = [systemsOfRecord[at], rebuilt.systemsOfRecord[at]];
  const isNewer = expected && Number(expected.content.version) > Number(found?.content.version ?? 0);
  if (own?.store.keysTopic !== undefined && theirs?.keys && isNewer) {
    // With the person's key, without which the next event would be sealed with another one.
    await restoreInto(
      own.store,
      [{ id: key, ...expected.content } as unknown as StateChange<Aggregate>],
      theirs.keys.source,
    );
    return;
  }
  await collections.find((each) => each.collection === collection)?.repair(key, found, expected);
}
