import type { Context } from '../context/define-context.js';
import { createPinnedTopics } from '../log/partition-pins.js';
import { schemaIdsOf } from '../process/schema-ids.js';
import { EmbeddedLinks } from '../embedded/links.js';
import { republish as republishContext, type Republished } from '../rebuilding/republish.js';
import { type Command, findContext, listModules, MODULE_OPTION, refusePositionals } from './command.js';
import { describeConflict, FindingPrinter } from './findings.js';
import { openContext, type Connections, expectReady, pinsOf, withConnections } from './connections.js';
import { formatCount, showProgress } from './progress.js';
import { withScratchDatabase } from './scratch.js';

/** Time for the schema registry to answer; after it, events are published without the ids of their schemas. */
const REGISTRY_TIMEOUT_MS = 5_000;

export const republish = (contexts: readonly Context[]): Command => ({
  usage: `republish --module ${listModules(contexts)} [--dry-run]
  Publishes the events that the database has and the log lacks: the opposite of replay.

  --module   bounded context
  --dry-run  prints how many events are lacking, and changes nothing

Use it after the log was restored from a backup, truncated or lost. Creates missing topics with their former number of
partitions. Publishes each event unchanged (same id, time, type and hash) and in order, if the history and the state
are enough to rebuild it. Otherwise publishes one event with the newest state of the aggregate, marked 'republished'.
Services may run meanwhile. If republish is stopped or killed, run it again: it publishes the events still lacking.`,
  options: { ...MODULE_OPTION, 'dry-run': { type: 'boolean' } },
  run: (flags, positionals) => {
    refusePositionals(positionals);
    const isDryRun = flags['dry-run'] === true;
    return withConnections(findContext(contexts, flags), async (connections) => {
      await expectReady(connections);
      return withScratchDatabase('republish', async (scratch) => {
        const forks = new FindingPrinter();
        const sum = await publishLacking(connections, new EmbeddedLinks(scratch.level), isDryRun, forks);
        for (const line of describe(sum, isDryRun)) console.log(line);
        if (forks.count > 0) console.log(`${formatCount(forks.count, 'fork')} skipped: see replay --keep`);
        return forks.count > 0 ? 1 : 0;
      });
    });
  },
});

async function publishLacking(
  connections: Connections,
  links: EmbeddedLinks,
  isDryRun: boolean,
  forks: FindingPrinter,
): Promise<Republished> {
  const { context, bus, database, interrupted, config, logger } = connections;
  const { replayable: live } = await openContext(connections);
  const topics = live.systemsOfRecord.map(({ stream: { topic } }) => topic);
  if (!isDryRun) await createPinnedTopics(bus, pinsOf(database), topics);
  const counts = await Promise.all(live.systemsOfRecord.map(({ states }) => states.count('estimated')));
  const compared = { read: 0, total: counts.reduce((all, count) => all + count, 0) };
  const schemaIds = isDryRun ? undefined : await schemaIdsOf(config, context.events.publishes, logger);
  await schemaIds?.lookUp(AbortSignal.any([interrupted, AbortSignal.timeout(REGISTRY_TIMEOUT_MS)]));
  const sum = await republishContext({
    ...{ bus, live, links, isRehearsal: isDryRun, signal: interrupted, schemaIdOf: schemaIds?.of },
    read: (projector) =>
      showProgress(
        `republish ${context.name}: reading the log`,
        () => projector.progress,
        () => projector.caughtUp(),
      ),
    compare: (work) => showProgress(`republish ${context.name}: comparing`, () => compared, work),
    onAggregate: () => (compared.read += 1),
    onFork: (conflict) => forks.add(describeConflict(conflict)),
  });
  if (!isDryRun) await forgetPositions(connections, topics);
  return sum;
}

/**
 * Forgets where the module's consumers were in these topics. Other records may be there now, and services refuse commands
 * as long as a position does not match the log.
 */
async function forgetPositions({ context, database }: Connections, topics: readonly string[]): Promise<void> {
  for (const topic of topics) await database.positions.forget(context.name, topic);
}

function describe({ events, standIns, lost, aggregates }: Republished, isDryRun: boolean): string[] {
  if (aggregates === 0) return ['the log has every event of the database'];
  const published = isDryRun ? 'would be published' : 'published';
  const lines = [`${formatCount(events + standIns, 'event')} of ${formatCount(aggregates, 'aggregate')} ${published}`];
  if (lost === 0) return lines;
  return [
    ...lines,
    `${formatCount(lost, 'event')} cannot be rebuilt; ${formatCount(standIns, 'event')} with the newest state ${published} instead`,
  ];
}
