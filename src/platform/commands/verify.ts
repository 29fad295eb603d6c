import type { Context } from '../context/define-context.js';
import type { EmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedLinks } from '../embedded/links.js';
import type { Replayable } from '../rebuilding/replayable.js';
import type { Difference } from '../rebuilding/compare.js';
import { verify as verifyContext } from '../rebuilding/verify.js';
import { type Command, contextOf, type Flags, MODULE_OPTION, refuseWords, UsageError, namesOf } from './command.js';
import { describeConflict, describeDifference, describeUnread, Findings } from './findings.js';
import { counted, showProgress } from './progress.js';
import { inScratch } from './scratch.js';
import { atWork, expectReady, lagToleranceFor, type Workplace } from './workplace.js';

export const verify = (contexts: readonly Context[]): Command => ({
  usage: `verify --module ${namesOf(contexts)} [--repair [--force]] [--allow-unhashed]
  Holds the log against itself and the database against the log, and names what does not fit; exit code 1 if anything.

  --module   the bounded context
  --repair   makes the documents that differ what the log says, but none older, and none gone: what the database has
             and the log does not is ahead of the log (see republish) or a fork (see replay --keep)
  --force    with --repair: discards these, too; what was acknowledged is lost by it
  --allow-unhashed
             passes over events without a hash at the beginning of the log, from before there were hashes

Of the log: records that were altered, removed or added, by the chain of hashes. Of the database: documents that are
missing, extra or different. Services may run meanwhile. Of each sort the first 20 are named, and all are counted.`,
  options: {
    ...MODULE_OPTION,
    repair: { type: 'boolean' },
    force: { type: 'boolean' },
    'allow-unhashed': { type: 'boolean' },
  },
  run: (flags, words) => {
    refuseWords(words);
    if (flags.force === true && flags.repair !== true) throw new UsageError('--force goes with --repair');
    return atWork(contextOf(contexts, flags), async (at) => {
      await expectReady(at);
      return inScratch('verify', (scratch) => verifyIn(scratch, at, flags));
    });
  },
});

async function verifyIn(scratch: EmbeddedDatabase, at: Workplace, { repair, force, ...flags }: Flags) {
  const { context, bus, database, interrupted, logger } = at;
  const live = context.open(database).replayable;
  const [faults, unread, conflicts, ahead, differing] = Array.from({ length: 5 }, () => new Findings()) as Five;
  let kept = 0;
  await verifyContext({
    ...{ bus, live, expected: context.open(scratch).replayable, links: new EmbeddedLinks(scratch.level) },
    ...{ signal: interrupted, lagToleranceMs: lagToleranceFor(at), allowUnhashed: flags['allow-unhashed'] === true },
    read: (fold) =>
      showProgress(
        `verify ${context.name}`,
        () => fold.progress,
        () => fold.caughtUp(),
      ),
    onFault: ({ where, what }) => faults.add(`${where}: ${what}`),
    onUnread: (record) => unread.add(`cannot be read: ${describeUnread(record)}`),
    onConflict: (conflict) => conflicts.add(describeConflict(conflict)),
    onKept: () => (kept += 1),
    onDifference: async (difference) => {
      if (!difference.wouldLose) differing.add(describeDifference(difference));
      else if (!difference.isTold) ahead.add(describeDifference(difference));
      if (repair === true && (force === true || !difference.wouldLose)) await mend(live, difference);
    },
    onFailure: (error) => logger.warn({ err: error }, 'a database is away; trying again'),
  });
  const [found, lacking] = [differing.count, conflicts.count + ahead.count];
  const { log } = console;
  if (unread.count > 0)
    log(`${counted(unread.count, 'record')} that cannot be read, and count for nothing (see dlt list)`);
  if (kept > 0) log(`${counted(kept, 'entry', 'entries')} of the history kept of events that the log has lost`);
  log(faults.count === 0 ? 'the log: in order' : `the log: ${counted(faults.count, 'fault')}`);
  if (lacking > 0) log(describeLacking(conflicts.count, ahead.count, repair === true && force === true));
  if (found > 0)
    log(`the database: ${counted(found, 'document')} ${repair === true ? 'repaired' : 'not as the log says'}`);
  else if (lacking === 0) log('the database: as the log says');
  const left = repair === true ? (force === true ? 0 : lacking) : found + lacking;
  return faults.count + left > 0 ? 1 : 0;
}

type Five = [Findings, Findings, Findings, Findings, Findings];

function describeLacking(aggregates: number, documents: number, isDiscarded: boolean): string {
  const what = [
    ...(aggregates > 0 ? [counted(aggregates, 'aggregate')] : []),
    ...(documents > 0 ? [counted(documents, 'other document')] : []),
  ].join(' and ');
  if (isDiscarded) return `the database: ${what} ahead of the log or on another branch, discarded`;
  return `the database: ${what} ahead of the log or on another branch: see republish, replay --keep`;
}

async function mend({ collections }: Replayable, { collection, key, found, expected }: Difference): Promise<void> {
  await collections.find((each) => each.collection === collection)?.repair(key, found, expected);
}
