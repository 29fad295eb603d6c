import type { Context } from '../context/define-context.js';
import type { Bus, TopicDescription } from '../log/bus.js';
import { changedPartitions, pinnedPartitions } from '../log/partition-pins.js';
import { problemsOf, UNLIMITED_RETENTION, unusualSettings } from '../log/topics.js';
import { isEmbedded, loadConfig } from '../operating/config/config.js';
import type { Database } from '../context/database.js';
import { expectUp } from '../tools/dependency.js';
import { type TopicUse, topicsUsed } from '../consuming/topics-used.js';
import { alignColumns } from './columns.js';
import { type Command, findContext, listModules, MODULE_OPTION, refusePositionals, UsageError } from './command.js';
import { pinsOf, withConnections } from './connections.js';

const SETTINGS = Object.keys(UNLIMITED_RETENTION);
const HEADINGS = ['TOPIC', 'USE', 'PARTITIONS', 'REPLICAS', ...SETTINGS.map((name) => name.toUpperCase())];

export const topics = (contexts: readonly Context[]): Command => ({
  usage: `topics check|create --module ${listModules(contexts)}
  Prints the module's topics and checks that they keep every event.

  check      changes nothing; exits 1 if a topic is missing, does not keep events permanently, has too few replicas, or
             has another number of partitions than it was created with
  create     creates missing topics first: with unlimited retention, their former number of partitions if they existed
             before, and never too few replicas
  --module   bounded context: the topics that it publishes and consumes, and its dead-letter topics`,
  options: MODULE_OPTION,
  run: async (flags, [action, ...more]) => {
    if (action === undefined) throw new UsageError('topics needs one of: check, create');
    if (action !== 'check' && action !== 'create') throw new UsageError(`topics: unknown action '${action}'`);
    refusePositionals(more);
    const context = findContext(contexts, flags);
    const { publishes, reads, keys } = context.events;
    if (isEmbedded(loadConfig([context.name]).config)) {
      console.log('The embedded log creates topics on demand and keeps every event.');
      return 0;
    }
    return withConnections(context, async ({ bus, config, database }) => {
      await expectUp(bus);
      const used = topicsUsed(publishes, reads, keys);
      const names = used.map(({ topic }) => topic);
      if (action === 'create') await createMissing(bus, database, names);
      const counts = await bus.countPartitions(names);
      const partitions = await comparePartitions(database, counts, action === 'create');
      return printReport(used, await describe(bus, used), config.KAFKA_TOPIC_PARTITIONS, partitions);
    });
  },
});

async function createMissing(bus: Bus, database: Database, topics: readonly string[]): Promise<void> {
  // Only the database knows the number of partitions of topics that existed before.
  await expectUp(database);
  await bus.createTopics(topics, await pinnedPartitions(pinsOf(database), topics));
}

/** The comparison of partition counts with those that the database remembers. */
interface PartitionFindings {
  readonly changed: readonly string[];
  readonly warnings: readonly string[];
}

async function comparePartitions(
  database: Database,
  counts: ReadonlyMap<string, number>,
  pinsNew: boolean,
): Promise<PartitionFindings> {
  const pins = pinsOf(database);
  const { up, detail } = await database.check();
  if (!up) return { changed: [], warnings: [`${detail}: the number of partitions was not checked`] };
  if (pinsNew) for (const each of pins) await each.pin(counts);
  const changed = await changedPartitions(pins, counts);
  return { changed: changed.map(({ message }) => message), warnings: [] };
}

async function describe(bus: Bus, used: readonly TopicUse[]): Promise<ReadonlyMap<string, TopicDescription>> {
  const described = await bus.describeTopics(used.map(({ topic }) => topic));
  return new Map(described.map((description) => [description.topic, description]));
}

/** Prints the topics, then their problems; returns the exit code. */
function printReport(
  used: readonly TopicUse[],
  described: ReadonlyMap<string, TopicDescription>,
  expectedPartitions: number,
  { changed, warnings }: PartitionFindings,
): number {
  const missing = used.filter(({ topic }) => !described.has(topic)).map(({ topic }) => `${topic} is missing`);
  const unsafe = [...described.values()].flatMap(problemsOf);
  const unusual = [...described.values()].flatMap((each) => unusualSettings(each, expectedPartitions));
  const rows = used.map(({ topic, uses }) => [topic, uses.join(', '), ...cellsOf(described.get(topic))]);
  const problems = [...missing, ...changed, ...unsafe];
  const success = `All ${used.length} topics exist and keep what they must.`;
  console.log(`${alignColumns([HEADINGS, ...rows]).join('\n')}\n`);
  for (const line of [...warnings, ...unusual]) console.log(`warning: ${line}`);
  for (const line of problems.length > 0 ? problems : [success]) console.log(line);
  return problems.length > 0 ? 1 : 0;
}

function cellsOf(description: TopicDescription | undefined): string[] {
  if (!description) return ['missing'];
  const { partitions, replicationFactor, settings } = description;
  return [String(partitions), String(replicationFactor), ...SETTINGS.map((name) => settings[name] ?? 'unknown')];
}
