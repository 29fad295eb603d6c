import type { Aggregate } from '../aggregate/aggregates.js';
import type { Context } from '../context/define-context.js';
import type { EmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import { restoreInto } from '../rebuilding/restore-into.js';
import type { StateChange } from '../views/read-own-events.js';
import type { Replayable } from '../rebuilding/replayable.js';
import type { Difference } from '../rebuilding/compare.js';
import { verify as verifyContext } from '../rebuilding/verify.js';
import {
  type Command,
  findContext,
  type Flags,
  listModules,
  MODULE_OPTION,
  refusePositionals,
  UsageError,
} from './command.js';
import {
  type Connections,
  expectReady,
  lagToleranceMs,
  type RebuildableContext,
  withConnections,
  withKeysOfLog,
} from './connections.js';
import { describeConflict, describeDifference, describeUnreadable, FindingPrinter } from './findings.js';
import { formatCount, showProgress } from './progress.js';
import { withScratchDatabase } from './scratch.js';

export const verify = (contexts: readonly Context[]): Command => ({
  usage: `verify --module ${listModules(contexts)} [--repair [--force]] [--allow-unhashed] [--max-lag SECONDS]
  Checks the log's integrity and compares the database with it. Lists discrepancies; exits 1 if there are any.

  --module   bounded context
  --repair   makes differing documents equal to the log. Never restores an older version and never deletes: data that
             the log lacks is ahead of the log (see republish) or on a fork (see replay --keep)
  --force    with --repair: discards that data too, and with it acknowledged changes
  --allow-unhashed
             accepts events without a hash at the beginning of the log, which are older than the hash chain
  --max-lag  how long a copy may lag behind the log before it counts as different (default: 5; 0 if services are stopped)

In the log, the hash chain shows records that were altered, removed or added. In the database, the comparison shows
documents that are missing, extra or different. Services may run meanwhile. Prints the first 20 findings of each kind,
and counts all.`,
  options: {
    ...MODULE_OPTION,
    repair: { type: 'boolean' },
    force: { type: 'boolean' },
    'allow-unhashed': { type: 'boolean' },
    'max-lag': { type: 'string' },
  },
  run: (flags, positionals) => {
    refusePositionals(positionals);
    const maxLagMs = parseSeconds(flags['max-lag']);
    if (flags.force === true && flags.repair !== true) throw new UsageError('--force requires --repair');
    return withConnections(findContext(contexts, flags), async (connections) => {
      await expectReady(connections);
      return withScratchDatabase('verify', (scratch) =>
        withKeysOfLog(connections, scratch, (rebuildable) =>
          verifyIn(scratch, rebuildable, connections, flags, maxLagMs),
        ),
      );
    });
  },
});

/** @throws UsageError */
function parseSeconds(text: Flags[string]): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(String(text))) throw new UsageError('--max-lag: is not a number of seconds');
  return Number(text) * 1_000;
}

async function verifyIn(
  scratch: EmbeddedDatabase,
  rebuildable: RebuildableContext,
  connections: Connections,
  { repair, force, ...flags }: Flags,
  maxLagMs: number | undefined,
): Promise<number> {
  const { context, bus, interrupted, logger } = connections;
  const live = rebuildable.live.replayable;
  const expected = rebuildable.open(scratch).replayable;
  const printers = Array.from({ length: 5 }, () => new FindingPrinter()) as Five<FindingPrinter>;
  const [faults, unreadable, conflicts, ahead, differing] = printers;
  let lostEntries = 0;
  await verifyContext({
    ...{ bus, live, expected, links: new EmbeddedLinks(scratch.level) },
    ...{ signal: interrupted, lagToleranceMs: maxLagMs ?? lagToleranceMs(connections) },
    allowUnhashed: flags['allow-unhashed'] === true,
    read: (projector) =>
      showProgress(
        `verify ${context.name}`,
        () => projector.progress,
        () => projector.caughtUp(),
      ),
    onFault: ({ where, what }) => faults.add(`${where}: ${what}`),
    onRefused: (record) => unreadable.add(describeUnreadable(record)),
    onConflict: (conflict) => conflicts.add(describeConflict(conflict)),
    onKept: () => (lostEntries += 1),
    onDifference: async (difference) => {
      if (!difference.wouldLose) differing.add(describeDifference(difference));
      else if (!difference.isTold) ahead.add(describeDifference(difference));
      if (repair === true && (force === true || !difference.wouldLose))
        await repairDocument(live, expected, difference);
    },
    onFailure: (error) => logger.warn({ err: error }, 'database unavailable; retrying'),
  });
  const unlogged = conflicts.count + ahead.count;
  const { log } = console;
  const lostKeys = rebuildable.countLostKeys();
  if (lostKeys > 0) log(`keys: the keys of ${formatCount(lostKeys, 'person', 'persons')} are lost (see keys check)`);
  if (unreadable.count > 0) log(`${formatCount(unreadable.count, 'unreadable record')} ignored (see dlt list)`);
  if (lostEntries > 0) log(`history: ${formatCount(lostEntries, 'entry', 'entries')} whose events the log has lost`);
  log(faults.count === 0 ? 'log: intact' : `log: ${formatCount(faults.count, 'fault')}`);
  if (unlogged > 0) log(describeUnlogged(conflicts.count, ahead.count, repair === true && force === true));
  if (differing.count > 0) {
    const verdict = repair === true ? 'repaired' : 'different from the log';
    log(`database: ${formatCount(differing.count, 'document')} ${verdict}`);
  } else if (unlogged === 0) log('database: matches the log');
  const left = repair === true ? (force === true ? 0 : unlogged) : differing.count + unlogged;
  return faults.count + left + lostKeys > 0 ? 1 : 0;
}

type Five<T> = [T, T, T, T, T];

function describeUnlogged(aggregates: number, documents: number, isDiscarded: boolean): string {
  const subjects = [
    ...(aggregates > 0 ? [formatCount(aggregates, 'aggregate')] : []),
    ...(documents > 0 ? [formatCount(documents, 'other document')] : []),
  ].join(' and ');
  return `database: ${subjects} ahead of the log or forked${isDiscarded ? ', discarded' : ': see republish, replay --keep'}`;
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
