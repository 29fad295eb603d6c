import type { Context } from '../context/define-context.js';
import { parseTime } from '../http/resources/time.js';
import { EmbeddedLinks } from '../embedded/links.js';
import type { Keep } from '../rebuilding/forks.js';
import { type Conflict, conflicts } from '../rebuilding/conflicts.js';
import { inspectionSuffix, KEPT_FOR_DAYS } from '../rebuilding/inspection.js';
import type { Links } from '../rebuilding/links.js';
import { fill, newestStates, takeOver } from '../rebuilding/replay.js';
import { LogProjector, type ProjectorOptions } from '../rebuilding/projector.js';
import type { Database } from '../context/database.js';
import type { EmbeddedDatabase } from '../embedded/database.js';
import type { Rebuild } from '../rebuilding/rebuild.js';
import type { Replayable } from '../rebuilding/replayable.js';
import { compareWithLog } from '../rebuilding/verify.js';
import {
  type Command,
  findContext,
  type Flags,
  listModules,
  MODULE_OPTION,
  refusePositionals,
  UsageError,
} from './command.js';
import { describeConflict, describeDifference, describeUnreadable, FindingPrinter, printSkipped } from './findings.js';
import {
  type Connections,
  expectReady,
  lagToleranceMs,
  type RebuildableContext,
  withConnections,
  withKeysOfLog,
} from './connections.js';
import { ForkArchive } from './fork-archive.js';
import { formatCount, showProgress } from './progress.js';
import { withScratchDatabase } from './scratch.js';

export const replay = (contexts: readonly Context[]): Command => ({
  usage: `replay --module ${listModules(contexts)} [--dry-run | --until TIME] [--keep log|database [--kept FILE]] [--force]
  Rebuilds every collection of the module from the log while services run, and swaps them in.

  --module   bounded context
  --dry-run  rebuilds the collections, compares them with the live ones and drops them
  --until    RFC 3339: rebuilds the state as of this time into separate collections, for inspection. They hold personal
             data, so they are dropped after ${KEPT_FOR_DAYS} days and on every erasure; data erased since then is not in them
  --keep     resolves forks (aggregates with two histories, listed by verify): keeps the log's first branch, or the
             database's. The aggregate continues with an event that records the decision. Data of either branch that
             the log lacks is written to a file that only its owner can read. It holds personal data, and erasures do
             not reach it
  --kept     path of that new file (default: forks-MODULE-TIME.jsonl in the current folder)
  --force    discards data that the database has and the log lacks: acknowledged changes that are ahead of the log, and
             documents unknown to the log. Without it, replay lists them and changes nothing; republish adds them to
             the log

Blocks writes during the swap, for less than a second; no write is lost. If replay is stopped or killed, the collections
stay as they were, and it can be run again.`,
  options: {
    ...MODULE_OPTION,
    'dry-run': { type: 'boolean' },
    until: { type: 'string' },
    keep: { type: 'string' },
    kept: { type: 'string' },
    force: { type: 'boolean' },
  },
  run: (flags, positionals) => {
    refusePositionals(positionals);
    const until = parseUntil(flags);
    if (until !== undefined && flags['dry-run'] === true) throw new UsageError('--dry-run excludes --until');
    const keep = parseKeep(flags);
    if (flags.kept !== undefined && keep === undefined) throw new UsageError('--kept requires --keep');
    return withConnections(findContext(contexts, flags), async (connections) => {
      await expectReady(connections);
      if (until !== undefined) return rebuildUntil(connections, until);
      return flags['dry-run'] === true
        ? compareRebuild(connections)
        : rebuild(connections, flags.force === true, keep, flags.kept as string | undefined);
    });
  },
});

async function rebuild(
  connections: Connections,
  mayLose: boolean,
  keep: Keep | undefined,
  archiveFile: string | undefined,
): Promise<number> {
  return withRebuild(connections, async ({ live, target, projector, links, shadows, skipped }) => {
    const conflicting = new FindingPrinter();
    const onConflict = (conflict: Conflict) => conflicting.add(describeConflict(conflict));
    const archive = keep && new ForkArchive(connections.context.name, archiveFile);
    try {
      const { heldBack } = await takeOver(live, target, projector, shadows, {
        ...{ links, mayLose, onConflict },
        ...(keep && { keep, onGivenUp: (givenUp) => (archive as ForkArchive).add(givenUp) }),
      });
      printSkipped(skipped());
      const names = live.collections.map(({ collection }) => collection).join(', ');
      console.log(`${names}: rebuilt from ${formatCount(projector.progress.total, 'record')} and swapped in`);
      console.log(`writes were blocked for ${heldBack.toFixed(0)} ms`);
      if (archive?.count)
        console.log(`${formatCount(archive.count, 'fork')} resolved; data that the log lacks: ${archive.file}`);
      return 0;
    } finally {
      await archive?.close();
    }
  });
}

async function compareRebuild(connections: Connections): Promise<number> {
  return withRebuild(connections, async ({ live, target, projector, links, skipped }) => {
    const [differing, conflicting] = [new FindingPrinter(), new FindingPrinter()];
    for (const system of live.systemsOfRecord) {
      for await (const conflict of conflicts(system, links, () => projector.caughtUp())) {
        conflicting.add(describeConflict(conflict));
      }
    }
    await projector.applyPending(live);
    for await (const difference of compareWithLog({
      expected: target,
      live,
      projector,
      lagToleranceMs: lagToleranceMs(connections),
    })) {
      differing.add(describeDifference(difference));
    }
    printSkipped(skipped());
    if (conflicting.count > 0) {
      console.log(`${formatCount(conflicting.count, 'aggregate')} ahead of the log or forked`);
    }
    console.log(
      differing.count === 0
        ? 'the rebuilt collections match the live ones and were dropped'
        : `${formatCount(differing.count, 'document')} different from the log; the rebuilt collections were dropped`,
    );
    return differing.count + conflicting.count === 0 ? 0 : 1;
  });
}

async function rebuildUntil(connections: Connections, until: string): Promise<number> {
  const separate = await connections.database.openBeside(inspectionSuffix(until));
  try {
    return await withScratchDatabase('replay', (scratch) =>
      withKeysOfLog(connections, scratch, (rebuildable) => fillUntil(connections, until, separate, rebuildable)),
    );
  } finally {
    await separate.close();
  }
}

async function fillUntil(
  connections: Connections,
  until: string,
  separate: Database,
  rebuildable: RebuildableContext,
): Promise<number> {
  const target = rebuildable.open(separate).replayable;
  const unreadable = new FindingPrinter();
  const projector = await LogProjector.start(connections.bus, target, {
    ...projectorOptions(connections, unreadable),
    newestOnly: { retract: () => Promise.resolve() },
    until,
  });
  try {
    await showProgress(
      `replay ${connections.context.name}`,
      () => projector.progress,
      () => fill(target, projector),
    );
    // An erasure during the rebuild dropped what existed of it then; by now that erasure is in the log.
    await projector.caughtUp();
  } finally {
    await projector.stop();
  }
  printSkipped(unreadable.count);
  for (const collection of target.collections) {
    const documents = formatCount(await collection.count('exact'), 'document');
    console.log(`${collection.collection} in ${separate.location}: ${documents} as of ${until}`);
  }
  return 0;
}

/** New collections, filled from the log. */
interface FilledCollections {
  readonly live: Replayable;
  readonly target: Replayable;
  readonly projector: LogProjector;
  /** The chain of the context's own events in the log. */
  readonly links: Links;
  readonly shadows: Rebuild<unknown>;
  /** Returns the number of unreadable records so far. */
  readonly skipped: () => number;
}

function withRebuild(
  connections: Connections,
  finish: (filled: FilledCollections) => Promise<number>,
): Promise<number> {
  return withScratchDatabase('replay', (scratch) =>
    withKeysOfLog(connections, scratch, (rebuildable) => rebuildIn(connections, scratch, rebuildable, finish)),
  );
}

async function rebuildIn(
  connections: Connections,
  scratch: EmbeddedDatabase,
  rebuildable: RebuildableContext,
  finish: (filled: FilledCollections) => Promise<number>,
): Promise<number> {
  const { context, database, bus } = connections;
  const live = rebuildable.live.replayable;
  const shadows = await database.beginRebuild(live.collections.map(({ collection }) => collection));
  const target = rebuildable.open(shadows.database).replayable;
  const links = new EmbeddedLinks(scratch.level);
  const unreadable = new FindingPrinter();
  let projector: LogProjector | undefined;
  try {
    const options = { ...projectorOptions(connections, unreadable), ...newestStates(links, target) };
    const started = (projector = await LogProjector.start(bus, target, options));
    await showProgress(
      `replay ${context.name}`,
      () => started.progress,
      () => fill(target, started),
    );
    printLostKeys(rebuildable.countLostKeys());
    return await finish({ live, target, projector, links, shadows, skipped: () => unreadable.count });
  } finally {
    await projector?.stop();
    // After a swap nothing is left to drop. If dropping fails, the next replay drops the collections.
    await shadows.discard().catch(() => undefined);
  }
}

/** Their events cannot be read, so the comparison that follows finds them missing. */
function printLostKeys(count: number): void {
  if (count > 0) console.log(`the keys of ${formatCount(count, 'person', 'persons')} are lost: see keys check`);
}

function projectorOptions({ interrupted, logger }: Connections, unreadable: FindingPrinter): ProjectorOptions {
  return {
    signal: interrupted,
    onRefused: (record) => unreadable.add(describeUnreadable(record)),
    onFailure: (error) => logger.warn({ err: error }, 'database unavailable; retrying'),
  };
}

/** @throws UsageError */
function parseUntil({ until }: Flags): string | undefined {
  if (until === undefined) return undefined;
  try {
    return parseTime('/until', String(until));
  } catch {
    throw new UsageError('--until: must be an RFC 3339 time such as 2026-11-23T04:10:20Z');
  }
}

/** @throws UsageError */
function parseKeep({ keep }: Flags): Keep | undefined {
  if (keep === undefined || keep === 'log' || keep === 'database') return keep;
  throw new UsageError('--keep: must be log or database');
}
