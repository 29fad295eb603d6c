import type { Context } from '../context/define-context.js';
import { parseTime } from '../http/resources/time.js';
import { ForkArchive } from '../maintenance/fork-archive.js';
import { rehearseReplay, replayModule, type ReplayOptions } from '../maintenance/replay-module.js';
import { replayUntil } from '../maintenance/replay-until.js';
import type { Run } from '../maintenance/run.js';
import { verifyModule } from '../maintenance/verify-module.js';
import type { GivenUp, Keep } from '../rebuilding/forks.js';
import { KEPT_FOR_DAYS } from '../rebuilding/inspection.js';
import type { RebuildScope } from '../rebuilding/replayable.js';
import {
  type Command,
  findContext,
  type Flags,
  listModules,
  MODULE_OPTION,
  refusePositionals,
  UsageError,
} from './command.js';
import { type Connections, expectReady, lagToleranceMs, withConnections } from './connections.js';
import { FindingPrinter, printSkipped } from './findings.js';
import { formatCount, showPhases } from './progress.js';

export const replay = (contexts: readonly Context[]): Command => ({
  usage: `replay --module ${listModules(contexts)} [--only states|histories] [--workers N] [--dry-run | --until TIME]
                       [--keep log|database [--kept FILE]] [--force] | --since-checkpoint
  Rebuilds every collection of the module from the log while services run, and swaps them in.

  --module   bounded context
  --only     rebuilds only these collections: states (and copies of other contexts' states), which services need to work,
             or histories. The other collections stay as they are
  --workers  number of threads that read the log (default: 1), each some of the partitions: as many as there are CPU cores
             beyond those that Kafka and MongoDB need. Each needs about as much memory as the first. Needs MongoDB and Kafka
  --dry-run  rebuilds the collections, compares them with the live ones and drops them
  --until    RFC 3339: rebuilds the state as of this time into separate collections, for inspection. They hold personal
             data, so they are dropped after ${KEPT_FOR_DAYS} days and on every erasure; data erased since then is not in them
  --keep     resolves forks (aggregates with two histories, listed by verify): keeps the log's first branch, or the
             database's. The aggregate continues with an event that records the decision. Data of either branch that
             the log lacks is written to a file that only its owner can read. It holds personal data, and later
             erasures do not reach it. An erasure on either branch counts in any case
  --kept     path of that new file (default: forks-MODULE-TIME.jsonl in the current folder)
  --since-checkpoint
             reads only what came after the newest checkpoint of verify in the database, and brings the live collections
             up to date: for a database that was restored from a backup. Changes nothing if it finds an aggregate that is
             ahead of the log or forked, or a fault in the log
  --force    discards data that the database has and the log lacks: acknowledged changes that are ahead of the log, and
             documents unknown to the log. Without it, replay lists them and changes nothing; republish adds them to
             the log

Blocks writes during the swap, for less than a second; no write is lost. If replay is stopped or killed, the collections
stay as they were, and it can be run again.`,
  options: {
    ...MODULE_OPTION,
    only: { type: 'string' },
    workers: { type: 'string' },
    'dry-run': { type: 'boolean' },
    until: { type: 'string' },
    keep: { type: 'string' },
    kept: { type: 'string' },
    force: { type: 'boolean' },
    'since-checkpoint': { type: 'boolean' },
  },
  run: (flags, positionals) => {
    refusePositionals(positionals);
    if (flags['since-checkpoint'] === true) {
      const [other] = Object.keys(flags).filter((name) => !['module', 'since-checkpoint'].includes(name));
      if (other !== undefined) throw new UsageError(`--since-checkpoint excludes --${other}`);
      return withConnections(findContext(contexts, flags), async (connections) => {
        await expectReady(connections);
        return bringUpToDate(connections);
      });
    }
    const until = parseUntil(flags);
    if (until !== undefined && flags['dry-run'] === true) throw new UsageError('--dry-run excludes --until');
    const only = parseOnly(flags);
    if (until !== undefined && only !== undefined) throw new UsageError('--until excludes --only');
    const workers = parseWorkers(flags);
    if (until !== undefined && workers !== undefined) throw new UsageError('--until excludes --workers');
    const keep = parseKeep(flags);
    if (only === 'histories' && keep !== undefined) throw new UsageError('--only histories excludes --keep');
    if (flags.kept !== undefined && keep === undefined) throw new UsageError('--kept requires --keep');
    return withConnections(findContext(contexts, flags), async (connections) => {
      await expectReady(connections);
      if (workers !== undefined && connections.database.kind === 'embedded') {
        throw new UsageError('--workers needs MongoDB and Kafka: only one thread can have the embedded database open');
      }
      if (until !== undefined) return rebuildUntil(connections, until);
      return flags['dry-run'] === true
        ? compareRebuild(connections, { only, workers })
        : rebuild(
            connections,
            { only, workers, mayLose: flags.force === true, keep },
            flags.kept as string | undefined,
          );
    });
  },
});

async function rebuild(
  connections: Connections,
  {
    mayLose,
    keep,
    ...extent
  }: Pick<ReplayOptions, 'only' | 'workers'> & { readonly mayLose: boolean; readonly keep: Keep | undefined },
  archiveFile: string | undefined,
): Promise<number> {
  const archive = keep && new ForkArchive(connections.context.name, archiveFile);
  try {
    const resolving = keep && archive && { keep, onGivenUp: (givenUp: GivenUp) => archive.add(givenUp) };
    const replayed = await replayModule(connections, { ...extent, mayLose, ...resolving }, printedRun(connections));
    if (replayed.verdict === 'refused') {
      console.error(replayed.reason);
      return 1;
    }
    printSkipped(replayed.skipped);
    const names = replayed.collections.join(', ');
    console.log(`${names}: rebuilt from ${formatCount(replayed.records, 'record')} and swapped in`);
    console.log(`writes were blocked for ${replayed.writesBlockedMs.toFixed(0)} ms`);
    if (archive?.count)
      console.log(`${formatCount(archive.count, 'fork')} resolved; data that the log lacks: ${archive.file}`);
    return 0;
  } finally {
    await archive?.close();
  }
}

async function bringUpToDate(connections: Connections): Promise<number> {
  const run = printedRun(connections);
  const { add } = new FindingPrinter();
  const { verdict, records, skipped, since, findings } = await verifyModule(
    connections,
    { sinceCheckpoint: true, repair: 'whole', lagToleranceMs: lagToleranceMs(connections) },
    { ...run, onFinding: (finding) => (finding.kind === 'difference' ? undefined : add(finding)) },
  );
  printSkipped(skipped);
  const { conflict, fault, ahead, difference } = findings;
  const read = `${formatCount(records, 'record')} since ${since?.at}`;
  if (conflict.count + fault.count > 0) {
    console.error(`${read}: conflicts or faults in the log; nothing was changed (see verify)`);
    return 1;
  }
  console.log(`${read}: ${formatCount(difference.count, 'document')} brought up to date`);
  if (ahead.count > 0) console.error(`${formatCount(ahead.count, 'document')} ahead of the log: left as they are`);
  return verdict === 'differs' ? 1 : 0;
}

async function compareRebuild(
  connections: Connections,
  extent: Pick<ReplayOptions, 'only' | 'workers'>,
): Promise<number> {
  const options = { ...extent, lagToleranceMs: lagToleranceMs(connections) };
  const { verdict, skipped, findings } = await rehearseReplay(connections, options, printedRun(connections));
  const [conflicts, differences] = [findings.conflict.count, findings.difference.count];
  printSkipped(skipped);
  if (conflicts > 0) console.log(`${formatCount(conflicts, 'aggregate')} ahead of the log or forked`);
  console.log(
    differences === 0
      ? 'the rebuilt collections match the live ones and were dropped'
      : `${formatCount(differences, 'document')} different from the log; the rebuilt collections were dropped`,
  );
  return verdict === 'matches' ? 0 : 1;
}

async function rebuildUntil(connections: Connections, until: string): Promise<number> {
  const { skipped, collections, location } = await replayUntil(connections, until, printedRun(connections));
  printSkipped(skipped);
  for (const { collection, documents } of collections) {
    console.log(`${collection} in ${location}: ${formatCount(documents, 'document')} as of ${until}`);
  }
  return 0;
}

function printedRun(connections: Connections): Run {
  const onLostKeys = (count: number) => {
    if (count > 0) console.log(`the keys of ${formatCount(count, 'person', 'persons')} are lost: see keys check`);
  };
  const title = `replay ${connections.context.name}`;
  return {
    ...{ signal: connections.interrupted, onLostKeys, onFinding: new FindingPrinter().add },
    during: showPhases({ 'reading-log': title }),
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

/** @throws UsageError */
function parseOnly({ only }: Flags): RebuildScope | undefined {
  if (only === undefined || only === 'states' || only === 'histories') return only;
  throw new UsageError('--only: must be states or histories');
}

/** @throws UsageError */
function parseWorkers({ workers }: Flags): number | undefined {
  if (workers === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(String(workers))) throw new UsageError('--workers: must be a number from 1 to 99');
  return Number(workers);
}
