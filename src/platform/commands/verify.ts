import type { Context } from '../context/define-context.js';
import { type VerifyOptions, verifyModule } from '../maintenance/verify-module.js';
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
import { FindingPrinter } from './findings.js';
import { formatCount, showPhases } from './progress.js';

export const verify = (contexts: readonly Context[]): Command => ({
  usage: `verify --module ${listModules(contexts)} [--since-checkpoint] [--repair [--force]] [--allow-unhashed]
                       [--max-lag SECONDS]
  Checks the log's integrity and compares the database with it. Lists discrepancies; exits 1 if there are any.

  --module   bounded context
  --since-checkpoint
             reads and compares only what came after the newest checkpoint. Every verification that finds nothing wrong
             keeps one, signed with the master key: how far it has read the log, and the newest event of each aggregate
  --repair   makes differing documents equal to the log. Never restores an older version and never deletes: data that
             the log lacks is ahead of the log (see republish) or on a fork (see replay --keep)
  --force    with --repair: discards that data too, and with it acknowledged changes
  --allow-unhashed
             accepts events without a hash at the beginning of the log, which are older than the hash chain
  --max-lag  how long a copy may lag behind the log before it counts as different (default: 5; 0 if services are stopped)

In the log, the hash chain shows records that were altered, removed or added. In the database, the comparison shows
documents that are missing, extra or different. Since a checkpoint, it shows that only of documents that the log has
changed since, and for all aggregates of the module whether the newest version is there. Services may run meanwhile.
Prints the first 20 findings of each kind, and counts all.`,
  options: {
    ...MODULE_OPTION,
    'since-checkpoint': { type: 'boolean' },
    repair: { type: 'boolean' },
    force: { type: 'boolean' },
    'allow-unhashed': { type: 'boolean' },
    'max-lag': { type: 'string' },
  },
  run: (flags, positionals) => {
    refusePositionals(positionals);
    const maxLagMs = parseSeconds(flags['max-lag']);
    if (flags.force === true && flags.repair !== true) throw new UsageError('--force requires --repair');
    if (flags.force === true && flags['since-checkpoint'] === true) {
      throw new UsageError(
        '--force excludes --since-checkpoint: what is discarded has to be compared with the whole log',
      );
    }
    return withConnections(findContext(contexts, flags), async (connections) => {
      await expectReady(connections);
      return printVerified(connections, {
        lagToleranceMs: maxLagMs ?? lagToleranceMs(connections),
        allowUnhashed: flags['allow-unhashed'] === true,
        sinceCheckpoint: flags['since-checkpoint'] === true,
        ...(flags.repair === true && { repair: flags.force === true ? 'lossy' : 'safe' }),
      });
    });
  },
});

/** @throws UsageError */
function parseSeconds(text: Flags[string]): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(String(text))) throw new UsageError('--max-lag: is not a number of seconds');
  return Number(text) * 1_000;
}

async function printVerified(connections: Connections, options: VerifyOptions): Promise<number> {
  const { verdict, findings, skipped, lostKeys, lostEntries, since, kept } = await verifyModule(connections, options, {
    signal: connections.interrupted,
    during: showPhases({ 'reading-log': `verify ${connections.context.name}` }),
    onFinding: new FindingPrinter().add,
  });
  const { log } = console;
  if (since) log(`since the checkpoint of ${since.at}:`);
  const { fault, conflict, ahead, difference } = findings;
  if (lostKeys > 0) log(`keys: the keys of ${formatCount(lostKeys, 'person', 'persons')} are lost (see keys check)`);
  if (skipped > 0) log(`${formatCount(skipped, 'unreadable record')} ignored (see dlt list)`);
  if (lostEntries > 0) log(`history: ${formatCount(lostEntries, 'entry', 'entries')} whose events the log has lost`);
  log(fault.count === 0 ? 'log: intact' : `log: ${formatCount(fault.count, 'fault')}`);
  const isUnlogged = conflict.count + ahead.count > 0;
  if (isUnlogged) log(describeUnlogged(conflict.count, ahead.count, options.repair === 'lossy'));
  if (difference.count > 0) {
    const outcome = options.repair ? 'repaired' : 'different from the log';
    log(`database: ${formatCount(difference.count, 'document')} ${outcome}`);
  } else if (!isUnlogged) log('database: matches the log');
  if (kept) log(`checkpoint kept: ${formatCount(kept.aggregates, 'aggregate')}`);
  return verdict === 'differs' ? 1 : 0;
}

function describeUnlogged(aggregates: number, documents: number, isDiscarded: boolean): string {
  const subjects = [
    ...(aggregates > 0 ? [formatCount(aggregates, 'aggregate')] : []),
    ...(documents > 0 ? [formatCount(documents, 'other document')] : []),
  ].join(' and ');
  return `database: ${subjects} ahead of the log or forked${isDiscarded ? ', discarded' : ': see republish, replay --keep'}`;
}
