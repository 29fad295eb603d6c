import type { Context } from '../context/define-context.js';
import { type Republished, republishModule } from '../maintenance/republish-module.js';
import { schemaIdsOf } from '../process/schema-ids.js';
import { type Command, findContext, listModules, MODULE_OPTION, refusePositionals } from './command.js';
import { type Connections, expectReady, withConnections } from './connections.js';
import { FindingPrinter } from './findings.js';
import { formatCount, showPhases } from './progress.js';

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
      const republished = await republishPrinted(connections, isDryRun);
      for (const line of describe(republished, isDryRun)) console.log(line);
      const forks = republished.findings.conflict.count;
      if (forks > 0) console.log(`${formatCount(forks, 'fork')} skipped: see replay --keep`);
      return forks > 0 ? 1 : 0;
    });
  },
});

async function republishPrinted(connections: Connections, isRehearsal: boolean): Promise<Republished> {
  const title = `republish ${connections.context.name}`;
  const comparing = `${title}: comparing`;
  const schemaIdOf = isRehearsal ? undefined : await lookUpSchemaIds(connections);
  return republishModule(
    connections,
    { isRehearsal, schemaIdOf },
    {
      signal: connections.interrupted,
      during: showPhases({ 'reading-log': `${title}: reading the log`, comparing, republishing: comparing }),
      onFinding: new FindingPrinter().add,
    },
  );
}

async function lookUpSchemaIds({ config, context, logger, interrupted }: Connections) {
  const schemaIds = await schemaIdsOf(config, context.events.publishes, logger);
  await schemaIds?.lookUp(AbortSignal.any([interrupted, AbortSignal.timeout(REGISTRY_TIMEOUT_MS)]));
  return schemaIds?.of;
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
