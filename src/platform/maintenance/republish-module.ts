import { EmbeddedLinks } from '../embedded/links.js';
import type { SchemaIdOf } from '../event/event-record.js';
import { createPinnedTopics } from '../log/partition-pins.js';
import { republish, type Republished as Counts } from '../rebuilding/republish.js';
import { type Connections, openContext, pinsOf } from './connections.js';
import { findingOfConflict, type Findings, FindingTally } from './findings.js';
import { type Run, runPhase } from './run.js';
import { withScratchDatabase } from './scratch.js';

export interface RepublishOptions {
  /** Counts the missing events, and changes nothing. */
  readonly isRehearsal: boolean;
  /** Returns the id of a schema in the schema registry. Undefined: events are published without it. */
  readonly schemaIdOf?: SchemaIdOf | undefined;
}

/** The outcome of {@link republishModule}. In a rehearsal, `events` and `standIns` would be published. */
export interface Republished extends Readonly<Counts> {
  readonly verdict: 'nothing-missing' | 'would-republish' | 'republished';
  /** Number of records that were read from the log. */
  readonly records: number;
  /** Forked aggregates were skipped. */
  readonly findings: Findings;
}

/**
 * Publishes the events that the database has and the log lacks. Creates missing topics first. May be repeated after an
 * interruption at any point: it publishes the events that are still missing.
 * @throws PlatformError `unavailable`, and the signal's reason
 */
export function republishModule(connections: Connections, options: RepublishOptions, run: Run): Promise<Republished> {
  return withScratchDatabase('republish', (scratch) =>
    publishMissing(connections, new EmbeddedLinks(scratch.level), options, run),
  );
}

async function publishMissing(
  connections: Connections,
  links: EmbeddedLinks,
  { isRehearsal, schemaIdOf }: RepublishOptions,
  run: Run,
): Promise<Republished> {
  const { context, bus, database } = connections;
  const { signal } = run;
  const { replayable: live, begin } = await openContext(connections, signal);
  const topics = live.systemsOfRecord.map(({ stream: { topic } }) => topic);
  const topicsOfKeys = live.systemsOfRecord.flatMap(({ store: { keysTopic } }) => keysTopic ?? []);
  if (!isRehearsal) {
    await createPinnedTopics(bus, pinsOf(database), [...topics, ...topicsOfKeys]);
    // A stand-in event must not have what an erasure removes, nor be in clear text because a key is not copied yet.
    await begin(bus);
  }
  const counts = await Promise.all(live.systemsOfRecord.map(({ states }) => states.count('estimated')));
  const compared = { read: 0, total: counts.reduce((all, count) => all + count, 0) };
  const tally = new FindingTally(run.onFinding);
  let records = 0;
  const sum = await republish({
    ...{ bus, live, links, isRehearsal, signal, schemaIdOf },
    read: async (projector) => {
      const progress = () => projector.progress;
      await runPhase(run, 'reading-log', () => projector.caughtUp(), progress);
      records = projector.progress.total;
    },
    compare: (work) => runPhase(run, isRehearsal ? 'comparing' : 'republishing', work, () => compared),
    onAggregate: () => {
      signal.throwIfAborted();
      compared.read += 1;
    },
    onFork: (conflict) => tally.add(findingOfConflict(conflict)),
  });
  if (!isRehearsal) {
    // Other records may be there now, and services refuse commands as long as a position does not match the log.
    for (const topic of topics) await database.positions.forget(context.name, topic);
  }
  const verdict = sum.aggregates === 0 ? 'nothing-missing' : isRehearsal ? 'would-republish' : 'republished';
  return { ...sum, verdict, records, findings: tally.all() };
}
