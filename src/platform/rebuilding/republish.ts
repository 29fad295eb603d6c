import type { Aggregate, PendingEvent, StoredAggregate } from '../aggregate/aggregates.js';
import { changeExisting } from '../aggregate/change-aggregate.js';
import type { Bus, BusRecord } from '../log/bus.js';
import { type SchemaIdOf, toEventRecord } from '../event/event-record.js';
import { publishWithKeys } from '../outbox/publish-with-keys.js';
import { PUT_BACK, STANDS_FOR_LOST } from '../event/extensions.js';
import { type HistoryEntry, historyKey } from '../views/history.js';
import { LogProjector } from './projector.js';
import { type Conflict, conflictsAt, suspects } from './conflicts.js';
import { byAggregate, type Link, type Links, toLink } from './links.js';
import type { Replayable, SystemOfRecord } from './replayable.js';
import { nextAfter, restatement } from './restate.js';
import { type MissingEvents, missingEventsOf } from './missing-events.js';

/** The inputs and callbacks of {@link republish}. */
export interface RepublishOptions {
  readonly bus: Bus;
  readonly live: Replayable;
  /** Empty; receives the links of the log. */
  readonly links: Links;
  readonly signal: AbortSignal;
  readonly schemaIdOf?: SchemaIdOf | undefined;
  /** Dry run: reports the missing events and changes nothing. */
  readonly isRehearsal: boolean;
  /** Reads the log, so that the caller can show progress. */
  readonly read: (projector: LogProjector) => Promise<void>;
  /** Runs the comparison and the republishing, so that the caller can show progress. */
  readonly compare?: (work: () => Promise<void>) => Promise<void>;
  /** Called for every aggregate of the store that was compared. */
  readonly onAggregate?: () => void;
  /** Called for every aggregate with two histories. Its events are not republished. */
  readonly onFork: (conflict: Conflict) => void;
}

/** The outcome of {@link republish}. */
export interface Republished {
  /** Events that were republished unchanged. */
  events: number;
  /** Events that stand in for others that cannot be reconstructed. */
  standIns: number;
  /** Events that cannot be reconstructed. */
  lost: number;
  /** Aggregates with at least one of these events. */
  aggregates: number;
}

const BATCH_SIZE = 500;

/**
 * Republishes the events of the context's own aggregates that the log lacks. An event is reconstructed from the history
 * and the state; if that is not possible, one event with the newest state stands in for the lost ones. Pending events
 * are not missing. It reads the log first, so it may be repeated after an interruption at any point. The topics must
 * exist, except for a dry run.
 */
export async function republish(options: RepublishOptions): Promise<Republished> {
  const { bus, live, links, signal, isRehearsal, read } = options;
  const compare = options.compare ?? ((work: () => Promise<void>) => work());
  const topics = live.systemsOfRecord.map(({ stream: { topic } }) => topic);
  const projector = await LogProjector.start(bus, readingOnly(live, topics), {
    signal,
    observe: (events) => links.add(events.map(toLink)),
  });
  const sum: Republished = { events: 0, standIns: 0, lost: 0, aggregates: 0 };
  try {
    await read(projector);
    await compare(async () => {
      for (const system of live.systemsOfRecord) {
        for await (const batch of lackingIn(system, options, projector)) {
          if (!isRehearsal) await republishEvents(batch, system, options);
          for (const lacking of batch) count(lacking, sum);
        }
        if (isRehearsal) continue;
        await projector.caughtUp();
        await updateOffsets(system, links);
      }
    });
    return sum;
  } finally {
    await projector.stop();
  }
}

function count({ events, lost, needsStandIn }: MissingEvents, sum: Republished): void {
  sum.events += events.length;
  sum.lost += lost.length;
  sum.standIns += needsStandIn ? 1 : 0;
  sum.aggregates += events.length > 0 || needsStandIn ? 1 : 0;
}

/** The projections of the context's own topics, without effects. Nothing has to be opened. */
function readingOnly(live: Replayable, topics: readonly string[]): Replayable {
  const own = live.newestOnly.filter(({ topic }) => topics.includes(topic));
  const projections = own.map((projection) => ({ ...projection, react: () => Promise.resolve() }));
  return { ...live, projections, systemsOfRecord: [] };
}

async function* lackingIn(
  system: SystemOfRecord,
  options: RepublishOptions,
  projector: LogProjector,
): AsyncGenerator<readonly MissingEvents[]> {
  let batch: string[] = [];
  const seen = options.onAggregate && { onHead: options.onAggregate };
  for await (const { id, isSuspect } of suspects(system, options.links, seen)) {
    if (isSuspect) batch.push(id);
    if (batch.length < BATCH_SIZE) continue;
    yield await missingEventsAt(batch, system, options, projector);
    batch = [];
  }
  yield await missingEventsAt(batch, system, options, projector);
}

async function missingEventsAt(
  ids: readonly string[],
  system: SystemOfRecord,
  { links, onFork }: RepublishOptions,
  projector: LogProjector,
): Promise<readonly MissingEvents[]> {
  const { store, stream, recorded } = system;
  if (ids.length === 0) return [];
  // Read the store before the log: events that are no longer pending then are in the log.
  const states = await Promise.all(ids.map((id) => store.find(id)));
  const pendingVersions = new Map<string, ReadonlySet<number>>();
  for await (const { id, pending } of store.unlogged(ids)) {
    pendingVersions.set(id, new Set(pending.map(({ version }) => version)));
  }
  const forks = new Map(
    (await conflictsAt(ids, system, links, () => projector.caughtUp())).flatMap((conflict) =>
      conflict.kind === 'fork' ? [[conflict.id, conflict]] : [],
    ),
  );
  for (const fork of forks.values()) onFork(fork);
  const stored = states.filter(
    (each): each is StoredAggregate<Aggregate> => each !== undefined && !forks.has(each.state.id),
  );
  return Promise.all(
    stored.map(async (each) => {
      const { id } = each.state;
      const entries = await entriesOf(id, recorded?.history);
      const own = await links.of(stream.topic, id);
      return missingEventsOf(system, {
        stored: each,
        pending: pendingVersions.get(id) ?? new Set(),
        links: own,
        entries,
      });
    }),
  );
}

type History = NonNullable<SystemOfRecord['recorded']>['history'];

async function entriesOf(id: string, history: History | undefined): Promise<ReadonlyMap<number, HistoryEntry>> {
  const entries = new Map<number, HistoryEntry>();
  if (!history) return entries;
  for (let after = 0; ;) {
    const page = await history.page(id, after, BATCH_SIZE);
    for (const entry of page) entries.set(entry.version, entry);
    if (page.length < BATCH_SIZE) return entries;
    after = page.at(-1)?.version ?? after;
  }
}

async function republishEvents(
  all: readonly MissingEvents[],
  system: SystemOfRecord,
  { bus, schemaIdOf }: RepublishOptions,
): Promise<void> {
  const { topic } = system.stream;
  const records = all.flatMap(({ id, events }) => events.map((json) => putBack(toEventRecord(id, json, schemaIdOf))));
  await publish(bus, topic, records);
  const ids = all.filter(({ needsStandIn }) => needsStandIn).map(({ id }) => id);
  if (ids.length === 0) return;
  await Promise.all(
    ids.map((id) =>
      changeExisting(
        system.store,
        id,
        () => new Error(`${id} was deleted while it was republished`),
        async (before) => {
          const state = nextAfter(before, before.version, new Date().toISOString());
          return restatement(system, state, STANDS_FOR_LOST);
        },
      ),
    ),
  );
  await publishWaiting(ids, system, bus, schemaIdOf);
}

/** Publishes as a relay does. A relay may publish the same events at the same time. */
async function publishWaiting(
  ids: readonly string[],
  { store }: SystemOfRecord,
  bus: Bus,
  schemaIdOf: SchemaIdOf | undefined,
): Promise<void> {
  const events: (PendingEvent & { readonly id: string })[] = [];
  const published = new Map<string, number>();
  for await (const { id, pending } of store.unlogged(ids)) {
    events.push(...pending.map((each) => ({ ...each, id })));
    published.set(id, pending.at(-1)?.version ?? 0);
  }
  for (let from = 0; from < events.length; from += BATCH_SIZE) {
    const some = events.slice(from, from + BATCH_SIZE);
    const records = some.map(({ id, json }) => toEventRecord(id, json, schemaIdOf));
    await publishWithKeys(bus, store, some, records);
  }
  await store.trim(published);
}

async function publish(bus: Bus, topic: string, records: readonly BusRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += BATCH_SIZE) {
    await bus.publish(topic, records.slice(from, from + BATCH_SIZE));
  }
}

function putBack(record: BusRecord): BusRecord {
  return { ...record, headers: { ...record.headers, ...PUT_BACK } };
}

/** Updates partitions and offsets in the history: republished or copied events have new ones. */
async function updateOffsets({ stream: { topic }, recorded }: SystemOfRecord, links: Links): Promise<void> {
  if (!recorded) return;
  let batch: Link[] = [];
  for await (const own of byAggregate(links.all(topic))) {
    batch.push(...own);
    if (batch.length < BATCH_SIZE) continue;
    await updateOffsetsOf(batch, recorded.entries);
    batch = [];
  }
  await updateOffsetsOf(batch, recorded.entries);
}

async function updateOffsetsOf(links: readonly Link[], entries: NonNullable<SystemOfRecord['recorded']>['entries']) {
  const byKey = new Map(links.map((link) => [historyKey(link.id, link.version), link]));
  const found = await entries.pick([...byKey.keys()]);
  await entries.repair(
    found.flatMap((seen) => {
      const { content, key } = seen;
      const { partition, offset, hash } = byKey.get(key) as Link;
      if (content.hash !== hash || (content.partition === partition && content.offset === offset)) return [];
      return [{ key, seen, expected: { key, content: { ...content, partition, offset } } }];
    }),
  );
}
