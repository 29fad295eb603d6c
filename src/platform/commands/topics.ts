import type { Context } from '../context/define-context.js';
import type { Bus, TopicDescription } from '../log/bus.js';
import { changedPartitions, pinnedPartitions } from '../log/partition-pins.js';
import { KEEPS_FOR_EVER, whatIsUnusual, whyItForgets, whyItMayLose } from '../log/topics.js';
import { isEmbedded, loadConfig } from '../operating/config/config.js';
import type { Database } from '../context/database.js';
import { expectUp } from '../tools/dependency.js';
import { type TopicUse, topicsUsed } from '../consuming/topics-used.js';
import { inColumns } from './columns.js';
import { type Command, contextOf, MODULE_OPTION, refuseWords, UsageError, namesOf } from './command.js';
import { atWork, pinsOf } from './workplace.js';

const SETTINGS = Object.keys(KEEPS_FOR_EVER);
const HEADINGS = ['TOPIC', 'USE', 'PARTITIONS', 'REPLICAS', ...SETTINGS.map((name) => name.toUpperCase())];

export const topics = (contexts: readonly Context[]): Command => ({
  usage: `topics check|create --module ${namesOf(contexts)}
  Tells how the module's topics are, and whether they keep every event.

  check      only looks; exits 1 when a topic is missing, would forget or could lose events, or has not the partitions
             that it was made with
  create     first creates those that are missing, so that they keep every event: with the partitions that they had if
             they were there before, and never with too few replicas
  --module   whose topics: those that it publishes and reads, and its dead letters`,
  options: MODULE_OPTION,
  run: async (flags, [action, ...others]) => {
    if (action !== 'check' && action !== 'create') {
      throw new UsageError(action === undefined ? 'check or create?' : `topics: there is no '${action}'`);
    }
    refuseWords(others);
    const context = contextOf(contexts, flags);
    const { publishes, reads } = context.events;
    if (isEmbedded(loadConfig([context.name]).config)) {
      console.log('The embedded log creates topics as they are needed, and keeps every event.');
      return 0;
    }
    return atWork(context, async ({ bus, config, database }) => {
      await expectUp(bus);
      const used = topicsUsed(publishes, reads);
      const names = used.map(({ topic }) => topic);
      if (action === 'create') await createMissing(bus, database, names);
      const found = await bus.countPartitions(names);
      const partitions = await comparePartitions(database, found, action === 'create');
      return tell(used, await describe(bus, used), config.KAFKA_TOPIC_PARTITIONS, partitions);
    });
  },
});

async function createMissing(bus: Bus, database: Database, topics: readonly string[]): Promise<void> {
  // Only it knows how many partitions they had if they were there before.
  await expectUp(database);
  await bus.createTopics(topics, await pinnedPartitions(pinsOf(database), topics));
}

/** What there is to tell of numbers of partitions, as the database remembers them. */
interface Partitions {
  readonly changed: readonly string[];
  readonly warnings: readonly string[];
}

async function comparePartitions(
  database: Database,
  found: ReadonlyMap<string, number>,
  remembersNew: boolean,
): Promise<Partitions> {
  const pins = pinsOf(database);
  const { up, detail } = await database.check();
  if (!up) return { changed: [], warnings: [`${detail}: partitions are not compared with what they were`] };
  if (remembersNew) for (const each of pins) await each.pin(found);
  const changed = await changedPartitions(pins, found);
  return { changed: changed.map(({ message }) => message), warnings: [] };
}

async function describe(bus: Bus, used: readonly TopicUse[]): Promise<ReadonlyMap<string, TopicDescription>> {
  const described = await bus.describeTopics(used.map(({ topic }) => topic));
  return new Map(described.map((description) => [description.topic, description]));
}

/** Prints the topics and then what is wrong with them; answers the exit code. */
function tell(
  used: readonly TopicUse[],
  described: ReadonlyMap<string, TopicDescription>,
  expectedPartitions: number,
  { changed, warnings }: Partitions,
): number {
  const missing = used.filter(({ topic }) => !described.has(topic)).map(({ topic }) => `${topic} is missing`);
  const unsafe = [...described.values()].flatMap((each) => [...whyItForgets(each), ...whyItMayLose(each)]);
  const unusual = [...described.values()].flatMap((each) => whatIsUnusual(each, expectedPartitions));
  const rows = used.map(({ topic, uses }) => [topic, uses.join(', '), ...cellsOf(described.get(topic))]);
  const verdicts = [...missing, ...changed, ...unsafe];
  const good = `All ${used.length} topics are there and keep every event.`;
  console.log(`${inColumns([HEADINGS, ...rows]).join('\n')}\n`);
  for (const line of [...warnings, ...unusual]) console.log(`warning: ${line}`);
  for (const line of verdicts.length > 0 ? verdicts : [good]) console.log(line);
  return verdicts.length > 0 ? 1 : 0;
}

function cellsOf(description: TopicDescription | undefined): string[] {
  if (!description) return ['missing'];
  const { partitions, replicationFactor, settings } = description;
  return [String(partitions), String(replicationFactor), ...SETTINGS.map((name) => settings[name] ?? 'unknown')];
}
