import type { Context } from '../context/define-context.js';
import type { Bus, TopicDescription } from '../log/bus.js';
import { controlTopic, generationsOf } from '../log/generations.js';
import { changedPartitions, pinnedPartitions } from '../log/partition-pins.js';
import { CONSOLE_TOPICS, problemsOf, UNLIMITED_RETENTION, unusualSettings } from '../log/topics.js';
import type { Database } from '../context/database.js';
import { expectUp } from '../tools/dependency.js';
import { type TopicUse, topicsUsed } from '../consuming/topics-used.js';
import { alignColumns } from './columns.js';
import { pinsOf } from '../maintenance/connections.js';
import { withConnections } from './connections.js';
import { describeGenerations } from './topics-generations.js';

const SETTINGS = Object.keys(UNLIMITED_RETENTION);
const HEADINGS = ['TOPIC', 'USE', 'PARTITIONS', 'REPLICAS', ...SETTINGS.map((name) => name.toUpperCase())];

/** `topics check` and `topics create`. Resolves with the exit code. */
export function checkTopics(context: Context, isCreating: boolean): Promise<number> {
  const { publishes, reads, keys } = context.events;
  return withConnections(context, async ({ bus, config, database }) => {
    await expectUp(bus);
    const used = topicsUsed(publishes, reads, keys);
    const names = used.map(({ topic }) => topic);
    if (isCreating) await createMissing(bus, database, names);
    const counts = await bus.countPartitions(names);
    const partitions = await comparePartitions(database, counts, isCreating);
    const described = await describe(bus, [...names, ...CONSOLE_TOPICS.keys(), ...names.map(controlTopic)]);
    const generations = await linesOfGenerations(bus, names);
    const ofConsole = [...CONSOLE_TOPICS.keys()].map((topic) => ({ topic, uses: ['console'] as const }));
    return printReport([...used, ...ofConsole], described, config.KAFKA_TOPIC_PARTITIONS, {
      ...partitions,
      generations,
    });
  });
}

async function linesOfGenerations(bus: Bus, topics: readonly string[]): Promise<readonly string[]> {
  const store = generationsOf(bus);
  const stated = store ? await Promise.all(topics.map((topic) => store.read(topic))) : [];
  return stated.flatMap((each) => (each ? describeGenerations(each) : []));
}

async function createMissing(bus: Bus, database: Database, topics: readonly string[]): Promise<void> {
  // Only the database knows the number of partitions of topics that existed before.
  await expectUp(database);
  const pinned = await pinnedPartitions(pinsOf(database), topics);
  await bus.createTopics([...topics, ...CONSOLE_TOPICS.keys()], new Map([...pinned, ...CONSOLE_TOPICS]));
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

async function describe(bus: Bus, topics: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
  const described = await bus.describeTopics(topics);
  return new Map(described.map((description) => [description.topic, description]));
}

/** Prints the topics, then their problems; returns the exit code. */
function printReport(
  used: readonly TopicUse[],
  described: ReadonlyMap<string, TopicDescription>,
  expectedPartitions: number,
  { changed, warnings, generations }: PartitionFindings & { readonly generations: readonly string[] },
): number {
  const absent = used.filter(({ topic }) => !described.has(topic));
  const missing = absent.filter(({ topic }) => !CONSOLE_TOPICS.has(topic)).map(({ topic }) => `${topic} is missing`);
  const notYet = absent
    .filter(({ topic }) => CONSOLE_TOPICS.has(topic))
    .map(({ topic }) => `${topic} is missing: services create it if they may`);
  const unsafe = [...described.values()].flatMap(problemsOf);
  const unusual = used.flatMap(({ topic }) => {
    const description = described.get(topic);
    return description ? unusualSettings(description, expectedPartitions) : [];
  });
  const rows = used.map(({ topic, uses }) => [topic, uses.join(', '), ...cellsOf(described.get(topic))]);
  const problems = [...missing, ...changed, ...unsafe];
  const success = `All ${used.length - absent.length} topics exist and keep what they must.`;
  console.log(`${alignColumns([HEADINGS, ...rows]).join('\n')}\n`);
  if (generations.length > 0) console.log(`${generations.join('\n')}\n`);
  for (const line of [...warnings, ...notYet, ...unusual]) console.log(`warning: ${line}`);
  for (const line of problems.length > 0 ? problems : [success]) console.log(line);
  return problems.length > 0 ? 1 : 0;
}

function cellsOf(description: TopicDescription | undefined): string[] {
  if (!description) return ['missing'];
  const { partitions, replicationFactor, settings } = description;
  return [String(partitions), String(replicationFactor), ...SETTINGS.map((name) => settings[name] ?? 'unknown')];
}
