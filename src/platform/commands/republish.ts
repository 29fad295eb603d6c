import type { Context } from '../context/define-context.js';
import { createPinnedTopics } from '../log/partition-pins.js';
import { EmbeddedLinks } from '../embedded/links.js';
import { republish as republishContext, type Republished } from '../rebuilding/republish.js';
import { type Command, contextOf, MODULE_OPTION, refuseWords, namesOf } from './command.js';
import { describeConflict, Findings } from './findings.js';
import { counted, showProgress } from './progress.js';
import { inScratch } from './scratch.js';
import { atWork, expectReady, pinsOf, type Workplace } from './workplace.js';

export const republish = (contexts: readonly Context[]): Command => ({
  usage: `republish --module ${namesOf(contexts)} [--dry-run]
  Puts back into the log what the database has and the log does not: the opposite of replay.

  --module   the bounded context
  --dry-run  says what would be put back, and changes nothing

For a log that was restored from a backup, truncated or lost; a topic that is missing is created, with the partitions
that it had. Events come back as they were (same id, time, type and hash), in order, as far as the history and the
states are enough to make them again. For those that cannot be, the aggregate gets one event with its newest state,
marked 'republished'. Services may run meanwhile. Stopped or killed at any moment it can be run again: it puts back what
is lacking then.`,
  options: { ...MODULE_OPTION, 'dry-run': { type: 'boolean' } },
  run: (flags, words) => {
    refuseWords(words);
    const isRehearsal = flags['dry-run'] === true;
    return atWork(contextOf(contexts, flags), async (at) => {
      await expectReady(at);
      return inScratch('republish', async (scratch) => {
        const forks = new Findings();
        const sum = await putBack(at, new EmbeddedLinks(scratch.level), isRehearsal, forks);
        for (const line of describe(sum, isRehearsal)) console.log(line);
        if (forks.count > 0) console.log(`${counted(forks.count, 'fork')} left alone: see replay --keep`);
        return forks.count > 0 ? 1 : 0;
      });
    });
  },
});

async function putBack(at: Workplace, links: EmbeddedLinks, isRehearsal: boolean, forks: Findings) {
  const { context, bus, database, interrupted } = at;
  const live = context.open(database).replayable;
  const topics = live.systemsOfRecord.map(({ stream: { topic } }) => topic);
  if (!isRehearsal) await createPinnedTopics(bus, pinsOf(database), topics);
  const counts = await Promise.all(live.systemsOfRecord.map(({ states }) => states.count('estimated')));
  const seen = { read: 0, total: counts.reduce((all, count) => all + count, 0) };
  const sum = await republishContext({
    ...{ bus, live, links, isRehearsal, signal: interrupted },
    read: (fold) =>
      showProgress(
        `republish ${context.name}: reading the log`,
        () => fold.progress,
        () => fold.caughtUp(),
      ),
    compare: (work) => showProgress(`republish ${context.name}: comparing`, () => seen, work),
    onAggregate: () => (seen.read += 1),
    onFork: (conflict) => forks.add(describeConflict(conflict)),
  });
  if (!isRehearsal) await declarePositionsVoid(at, topics);
  return sum;
}

/** Where the module's consumers were in these topics may be other records now; it is also what keeps services closed. */
async function declarePositionsVoid({ context, database }: Workplace, topics: readonly string[]): Promise<void> {
  for (const topic of topics) await database.positions.forget(context.name, topic);
}

function describe({ events, standIns, lost, aggregates }: Republished, isRehearsal: boolean): string[] {
  if (aggregates === 0) return ['the log has all that the database has'];
  const would = isRehearsal ? 'would be ' : '';
  const lines = [`${counted(events + standIns, 'event')} of ${counted(aggregates, 'aggregate')} ${would}put back`];
  if (lost === 0) return lines;
  return [
    ...lines,
    `${counted(lost, 'event')} cannot be made again; ${counted(standIns, 'event')} with the newest state ${would}put in the place of some`,
  ];
}
