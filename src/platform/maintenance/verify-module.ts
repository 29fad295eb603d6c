import type { Checkpoint } from '../checkpoints/checkpoint.js';
import type { EmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import { type JudgedDifference, verify } from '../rebuilding/verify.js';
import { faultsOfRepeated, forgiveErased, keepIfPossible, openSince, topicsOf } from './checkpoint-of-module.js';
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
import { Repairs } from './repairs.js';
import { type Run, runPhase } from './run.js';
import { withScratchDatabase } from './scratch.js';

export interface VerifyOptions {
  /** How long a copy may lag behind the log before it counts as different. */
  readonly lagToleranceMs: number;
  /**
   * Makes differing documents equal to the log. `safe` keeps data that the log lacks, `lossy` discards it. `whole` does as
   * `safe`, but changes nothing if an aggregate is ahead of the log or forked, or the log has a fault. Default: nothing is
   * changed.
   */
  readonly repair?: 'safe' | 'lossy' | 'whole';
  /** Accepts events without a hash at the beginning of the log, which are older than the hash chain. */
  readonly allowUnhashed?: boolean;
  /** Reads and compares only what came after the newest checkpoint. */
  readonly sinceCheckpoint?: boolean;
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
  /** The checkpoint from which the log was read. */
  readonly since?: Checkpoint;
  /** The checkpoint that was kept of what was found right: the next verification can read on from there. */
  readonly kept?: Checkpoint;
}

/**
 * Checks the log's integrity, compares the database with it, and repairs the database if that is wanted. Keeps a
 * checkpoint if all is right.
 * @throws PlatformError `unavailable`, `rejected` when there is no checkpoint to begin with, and the signal's reason
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
  connections: Connections,
  { lagToleranceMs, repair, allowUnhashed = false, sinceCheckpoint = false }: VerifyOptions,
  run: Run,
): Promise<Verified> {
  const { bus, logger } = connections;
  const { signal } = run;
  const live = rebuildable.live.replayable;
  const expected = rebuildable.open(scratch).replayable;
  const since = sinceCheckpoint ? await openSince(connections, rebuildable, scratch) : undefined;
  const links = since?.links ?? new EmbeddedLinks(scratch.level);
  const tally = new FindingTally(run.onFinding);
  const repairs = new Repairs(live, expected);
  let [records, lostEntries] = [0, 0];
  const reached = await verify({
    ...{ bus, live, expected, links, signal, lagToleranceMs, allowUnhashed, repairsBehind: repair === 'whole' },
    known: since?.opened,
    read: async (projector) => {
      const progress = () => projector.progress;
      await runPhase(run, 'reading-log', () => projector.caughtUp(), progress);
      records = projector.progress.total;
    },
    compare: (work) =>
      runPhase(run, 'comparing', async () => {
        for await (const fault of since ? faultsOfRepeated(since.links, live) : []) tally.add(findingOfFault(fault));
        await work();
        await repairs.finish();
      }),
    onFault: (fault) => tally.add(findingOfFault(fault)),
    onRefused: (refused) => tally.add(findingOfRefused(refused)),
    onConflict: (conflict) => tally.add(findingOfConflict(conflict)),
    onKept: () => (lostEntries += 1),
    onDifference: async (difference) => {
      if (!difference.wouldLose) tally.add(findingOfDifference(difference));
      else if (!difference.isTold) tally.add(findingOfDifference(difference, 'ahead'));
      if (isToRepair(difference, tally, repair)) await repairs.add(difference);
    },
    onFailure: (error) => logger.warn({ err: error }, 'database unavailable; retrying'),
  });
  if (since) await forgiveErased(rebuildable);
  const lostKeys = rebuildable.countLostKeys();
  const verdict = verdictOf(tally, lostKeys, repair);
  const topics = topicsOf(live);
  const compared = { context: connections.context.name, bus, topics, links, reached, signal };
  const kept = verdict === 'differs' ? undefined : await keepIfPossible(connections, rebuildable, compared);
  return {
    ...{ verdict, records, skipped: tally.count('unreadable'), lostKeys, lostEntries, findings: tally.all() },
    ...(since && { since: since.opened.checkpoint }),
    ...(kept && { kept }),
  };
}

/** The conflicts and the faults are known before the first difference. */
function isToRepair({ wouldLose }: JudgedDifference, tally: FindingTally, repair: VerifyOptions['repair']): boolean {
  if (repair === 'lossy') return true;
  if (repair === undefined || wouldLose) return false;
  return repair === 'safe' || tally.count('conflict') + tally.count('fault') === 0;
}

function verdictOf(tally: FindingTally, lostKeys: number, repair: VerifyOptions['repair']): Verified['verdict'] {
  const unlogged = tally.count('conflict') + tally.count('ahead');
  const differing = tally.count('difference');
  const left = [repair ? 0 : differing, repair === 'lossy' ? 0 : unlogged, tally.count('fault'), lostKeys];
  if (left.some((count) => count > 0)) return 'differs';
  return differing + unlogged > 0 ? 'repaired' : 'matches';
}
