import { EmbeddedLinks } from '../embedded/links.js';
import { sumOf } from '../log/progress.js';
import { after } from '../rebuilding/shares.js';
import type { EmbeddedDatabase } from '../embedded/database.js';
import { compareWithLog } from '../rebuilding/verify.js';
import { type Conflict, conflicts } from '../rebuilding/conflicts.js';
import type { GivenUp, Keep } from '../rebuilding/forks.js';
import type { Links } from '../rebuilding/links.js';
import { LogProjector, type ProjectorOptions } from '../rebuilding/projector.js';
import type { Rebuild } from '../rebuilding/rebuild.js';
import { fill, newestStates, takeOver } from '../rebuilding/replay.js';
import { type Replayable, replayableOf, type RebuildScope } from '../rebuilding/replayable.js';
import { isCodedError } from '../tools/errors.js';
import type { Connections } from './connections.js';
import { findingOfConflict, findingOfDifference, findingOfRefused, type Findings, FindingTally } from './findings.js';
import { type RebuildableContext, withKeysOfLog } from './rebuild-context.js';
import { RebuildWorkers } from './rebuild-workers.js';
import { type Run, runPhase } from './run.js';
import { withScratchDatabase } from './scratch.js';

/** What every kind of replay reports. */
export interface Rebuilt {
  /** Number of records that were read from the log. */
  readonly records: number;
  /** Number of records that cannot be applied. They were skipped. */
  readonly skipped: number;
  /** Number of persons whose events nobody can open, though they were never erased. */
  readonly lostKeys: number;
  readonly findings: Findings;
}

/** The outcome of {@link replayModule}. */
export type Replayed = Rebuilt &
  (
    | {
        readonly verdict: 'swapped';
        /** The collections that were replaced. */
        readonly collections: readonly string[];
        /** Milliseconds for which writes were blocked. */
        readonly writesBlockedMs: number;
      }
    | {
        /** Data that the log lacks would be lost, so nothing was changed. */
        readonly verdict: 'refused';
        readonly reason: string;
      }
  );

/** The outcome of {@link rehearseReplay}. */
export interface Rehearsed extends Rebuilt {
  /** `refused`: a replay would refuse, because of conflicts. */
  readonly verdict: 'matches' | 'differs';
}

/** What to rebuild, and how. */
interface Extent {
  /** Rebuilds only these collections; the others stay as they are. */
  readonly only?: RebuildScope | undefined;
  /** Number of threads that read the log, each some of the partitions. Default: this one. Not for the embedded database. */
  readonly workers?: number | undefined;
}

export interface ReplayOptions extends Extent {
  /** Permits the loss of data that the log lacks. */
  readonly mayLose?: boolean;
  /** Which branch to keep of an aggregate with two histories. Without it, forks are refused. */
  readonly keep?: Keep;
  /** Stores the data of a discarded branch. Resolves when the data is durable. Required with `keep`. */
  readonly onGivenUp?: (givenUp: GivenUp) => Promise<void>;
}

/**
 * Rebuilds the collections of the module from the log while processes serve it, and swaps them in. When it is aborted or
 * fails, the collections stay as they were.
 * @throws RebuildOvertaken, PlatformError `unavailable`, and the signal's reason
 */
export function replayModule(
  connections: Connections,
  { mayLose = false, keep, onGivenUp, ...extent }: ReplayOptions,
  run: Run,
): Promise<Replayed> {
  return withRebuild(connections, extent, run, async ({ live, target, projector, links, shadows, tally, report }) => {
    const collections = live.collections.map(({ collection }) => collection);
    const onConflict = (conflict: Conflict) => tally.add(findingOfConflict(conflict));
    try {
      const { heldBack } = await runPhase(run, 'taking-over', () =>
        takeOver(live, target, projector, abortable(shadows, run.signal), {
          ...{ links, mayLose, onConflict },
          ...(keep && { keep }),
          ...(onGivenUp && { onGivenUp }),
        }),
      );
      return { ...report(), verdict: 'swapped', collections, writesBlockedMs: heldBack };
    } catch (error) {
      if (!isCodedError(error) || error.kind !== 'rejected') throw error;
      return { ...report(), verdict: 'refused', reason: error.message };
    }
  });
}

/** Rebuilds the collections, compares them with the live ones and drops them. */
export function rehearseReplay(
  connections: Connections,
  { lagToleranceMs, ...extent }: Extent & { readonly lagToleranceMs: number },
  run: Run,
): Promise<Rehearsed> {
  return withRebuild(connections, extent, run, async ({ live, target, projector, links, tally, report }) => {
    await runPhase(run, 'comparing', async () => {
      for (const system of live.systemsOfRecord) {
        for await (const conflict of conflicts(system, links, () => projector.caughtUp())) {
          tally.add(findingOfConflict(conflict));
        }
      }
      if (extent.only !== 'histories') await projector.applyPending(live);
      const { signal } = run;
      for await (const difference of compareWithLog({ expected: target, live, projector, lagToleranceMs, signal })) {
        tally.add(findingOfDifference(difference));
      }
    });
    return { ...report(), verdict: tally.count('conflict') + tally.count('difference') === 0 ? 'matches' : 'differs' };
  });
}

/** New collections, filled from the log. */
interface FilledCollections {
  readonly live: Replayable;
  readonly target: Replayable;
  readonly projector: LogProjector;
  /** The chain of the context's own events in the log. */
  readonly links: Links;
  readonly shadows: Rebuild<unknown>;
  readonly tally: FindingTally;
  readonly report: () => Rebuilt;
}

function withRebuild<T>(
  connections: Connections,
  extent: Extent,
  run: Run,
  finish: (filled: FilledCollections) => Promise<T>,
): Promise<T> {
  return withScratchDatabase('replay', (scratch) =>
    withKeysOfLog(connections, scratch, run, (rebuildable) =>
      rebuildIn({ connections, scratch, rebuildable, extent }, run, finish),
    ),
  );
}

interface Rebuilding {
  readonly connections: Connections;
  readonly scratch: EmbeddedDatabase;
  readonly rebuildable: RebuildableContext;
  readonly extent: Extent;
}

async function rebuildIn<T>(
  { connections, scratch, rebuildable, extent }: Rebuilding,
  run: Run,
  finish: (filled: FilledCollections) => Promise<T>,
): Promise<T> {
  const { database, bus } = connections;
  const { only, workers = 1 } = extent;
  const { collections } = replayableOf(rebuildable.live, only);
  // The live ones are compared with the log as a whole, also with what is not rebuilt.
  const live = { ...rebuildable.live.replayable, collections };
  const shadows = await database.beginRebuild(collections.map(({ collection }) => collection));
  const target = replayableOf(rebuildable.open(shadows.database), only);
  const links = new EmbeddedLinks(scratch.level);
  const tally = new FindingTally(run.onFinding);
  const { name: module } = connections.context;
  const shared = { module, only, keysOf: rebuildable.keysOf, links, rebuild: shadows.name ?? '' };
  const others = new RebuildWorkers(bus, { ...shared, onFinding: tally.add }, run.signal);
  let projector: LogProjector | undefined;
  const progress = () => sumOf([others.progress, ...(projector ? [projector.progress] : [])]);
  try {
    projector = await runPhase(
      run,
      'reading-log',
      async () => {
        const reached = workers > 1 ? await others.fill(topicsOf(target), workers) : [];
        const options = { ...projectorOptions(connections, run, tally), ...newestStates(links, target) };
        projector = await LogProjector.start(bus, target, { ...options, from: { startAt: after(reached) } });
        await fill(target, projector);
        return projector;
      },
      progress,
    );
    run.onLostKeys?.(rebuildable.countLostKeys());
    const report = () => reportOf(progress().total, tally, rebuildable);
    return await finish({ live, target, projector, links, shadows, tally, report });
  } finally {
    await projector?.stop();
    // After a swap nothing is left to drop. If dropping fails, the next replay drops the collections.
    await shadows.discard().catch(() => undefined);
  }
}

function topicsOf({ newestOnly }: Replayable): readonly string[] {
  return newestOnly.map(({ topic }) => topic);
}

/** Returns the report of a rebuild. @param records number of records that were read */
export function reportOf(records: number, tally: FindingTally, rebuildable: RebuildableContext): Rebuilt {
  return {
    records,
    skipped: tally.count('unreadable'),
    lostKeys: rebuildable.countLostKeys(),
    findings: tally.all(),
  };
}

/** Returns the options that every rebuild needs. */
export function projectorOptions({ logger }: Connections, { signal }: Run, tally: FindingTally): ProjectorOptions {
  return {
    signal,
    onRefused: (refused) => tally.add(findingOfRefused(refused)),
    onFailure: (error) => logger.warn({ err: error }, 'database unavailable; retrying'),
  };
}

/** An abort that comes before the swap prevents it. */
function abortable(shadows: Rebuild<unknown>, signal: AbortSignal): Rebuild<unknown> {
  const unlessAborted = (step: () => Promise<void>) => async () => {
    signal.throwIfAborted();
    await step();
  };
  return {
    database: shadows.database,
    fence: unlessAborted(() => shadows.fence()),
    swap: unlessAborted(() => shadows.swap()),
    discard: () => shadows.discard(),
  };
}
