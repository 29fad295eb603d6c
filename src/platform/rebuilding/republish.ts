import type { Aggregate, Stored, Unpublished } from '../aggregate/aggregates.js';
import { changeExisting } from '../aggregate/change-aggregate.js';
import type { Bus, BusRecord } from '../log/bus.js';
import { CLOUD_EVENT_CONTENT_TYPE } from '../event/cloud-event.js';
import { PUT_BACK, STANDS_FOR_LOST } from '../event/extensions.js';
import { type HistoryEntry, historyKey } from '../views/history.js';
import { LogProjector } from './projector.js';
import { type Conflict, conflictsAt, suspects } from './heads.js';
import { byAggregate, type Link, type Links, toLink } from './links.js';
import type { Replayable, SystemOfRecord } from './replayable.js';
import { nextAfter, restatement } from './restate.js';
import { type Lacking, lackingOf } from './lacking.js';

/** What is worked on, and who is told. */
export interface Republishing {
  readonly bus: Bus;
  readonly live: Replayable;
  /** Where what the log says is put down; empty. */
  readonly links: Links;
  readonly signal: AbortSignal;
  /** Only finds out, and changes nothing. */
  readonly isRehearsal: boolean;
  /** Reads the log; for who wants to watch. */
  readonly read: (fold: LogProjector) => Promise<void>;
  /** Compares the store with the log, and puts back what is lacking; for who wants to watch. */
  readonly compare?: (work: () => Promise<void>) => Promise<void>;
  /** Told of every aggregate of the store that has been looked at. */
  readonly onAggregate?: () => void;
  /** Told of every aggregate with two histories: nothing of these is put back. */
  readonly onFork: (conflict: Conflict) => void;
}

/** What came of it. */
export interface Republished {
  /** Events that were put back as they were. */
  events: number;
  /** Events that stand for others, which cannot be made again. */
  standIns: number;
  /** Those others. */
  lost: number;
  /** Aggregates that any of it is about. */
  aggregates: number;
}

const PORTION = 500;
const HEADERS = { 'content-type': CLOUD_EVENT_CONTENT_TYPE };

/**
 * Puts back into the log what it lacks of the context's own aggregates: events as they were, where the history and the
 * state are enough to make them again; and where they are not, one event with the newest state. What waits to be published
 * is not lacking. It looks at the log first, so it may be repeated after it ended at whatever moment. The topics have to be
 * there, unless it is a rehearsal.
 */
export async function republish(republishing: Republishing): Promise<Republished> {
  const { bus, live, links, signal, isRehearsal, read } = republishing;
  const compare = republishing.compare ?? ((work: () => Promise<void>) => work());
  const topics = live.systemsOfRecord.map(({ stream: { topic } }) => topic);
  const fold = await LogProjector.start(bus, readingOnly(live, topics), {
    signal,
    observe: (events) => links.add(events.map(toLink)),
  });
  const sum: Republished = { events: 0, standIns: 0, lost: 0, aggregates: 0 };
  try {
    await read(fold);
    await compare(async () => {
      for (const system of live.systemsOfRecord) {
        for await (const portion of lackingIn(system, republishing, fold)) {
          if (!isRehearsal) await putBack(portion, system, republishing);
          for (const lacking of portion) count(lacking, sum);
        }
        if (isRehearsal) continue;
        await fold.caughtUp();
        await correctPlaces(system, links);
      }
    });
    return sum;
  } finally {
    await fold.stop();
  }
}

function count({ events, lost, needsStandIn }: Lacking, sum: Republished): void {
  sum.events += events.length;
  sum.lost += lost.length;
  sum.standIns += needsStandIn ? 1 : 0;
  sum.aggregates += events.length > 0 || needsStandIn ? 1 : 0;
}

/** The projections of the context's own topics, with no effect. */
function readingOnly(live: Replayable, topics: readonly string[]): Replayable {
  const own = live.projections.filter(({ topic }) => topics.includes(topic));
  const projections = own.map((projection) => ({ ...projection, react: () => Promise.resolve() }));
  return { ...live, projections, systemsOfRecord: [] };
}

async function* lackingIn(
  system: SystemOfRecord,
  republishing: Republishing,
  fold: LogProjector,
): AsyncGenerator<readonly Lacking[]> {
  let portion: string[] = [];
  for await (const { id, isSuspect } of suspects(system, republishing.links, republishing.onAggregate)) {
    if (isSuspect) portion.push(id);
    if (portion.length < PORTION) continue;
    yield await lackingAt(portion, system, republishing, fold);
    portion = [];
  }
  yield await lackingAt(portion, system, republishing, fold);
}

async function lackingAt(
  ids: readonly string[],
  system: SystemOfRecord,
  { links, onFork }: Republishing,
  fold: LogProjector,
): Promise<readonly Lacking[]> {
  const { store, stream, recorded } = system;
  if (ids.length === 0) return [];
  // As the store is before the log: what is no longer to be published then is in the log.
  const states = await Promise.all(ids.map((id) => store.find(id)));
  const waiting = new Map<string, ReadonlySet<number>>();
  for await (const { id, pending } of store.unlogged(ids)) {
    waiting.set(id, new Set(pending.map(({ version }) => version)));
  }
  const forks = new Map(
    (await conflictsAt(ids, system, links, () => fold.caughtUp())).flatMap((conflict) =>
      conflict.standing === 'fork' ? [[conflict.id, conflict]] : [],
    ),
  );
  for (const fork of forks.values()) onFork(fork);
  const stored = states.filter((each): each is Stored<Aggregate> => each !== undefined && !forks.has(each.state.id));
  return Promise.all(
    stored.map(async (each) => {
      const { id } = each.state;
      const entries = await entriesOf(id, recorded?.history);
      const own = await links.of(stream.topic, id);
      return lackingOf(system, { stored: each, waiting: waiting.get(id) ?? new Set(), links: own, entries });
    }),
  );
}

type History = NonNullable<SystemOfRecord['recorded']>['history'];

async function entriesOf(id: string, history: History | undefined): Promise<ReadonlyMap<number, HistoryEntry>> {
  const entries = new Map<number, HistoryEntry>();
  if (!history) return entries;
  for (let after = 0; ;) {
    const page = await history.page(id, after, PORTION);
    for (const entry of page) entries.set(entry.version, entry);
    if (page.length < PORTION) return entries;
    after = page.at(-1)?.version ?? after;
  }
}

async function putBack(all: readonly Lacking[], system: SystemOfRecord, { bus }: Republishing): Promise<void> {
  const { topic } = system.stream;
  const records = all.flatMap(({ id, events }) =>
    events.map((json) => recordOf(id, json, { ...HEADERS, ...PUT_BACK })),
  );
  await publish(bus, topic, records);
  const ids = all.filter(({ needsStandIn }) => needsStandIn).map(({ id }) => id);
  if (ids.length === 0) return;
  await Promise.all(
    ids.map((id) =>
      changeExisting(
        system.store,
        id,
        () => new Error(`${id} is there no more`),
        async (before) => {
          const state = nextAfter(before, before.version, new Date().toISOString());
          return restatement(system, state, STANDS_FOR_LOST);
        },
      ),
    ),
  );
  await publishWaiting(ids, system, bus);
}

/** As a relay does, which may do it, too. */
async function publishWaiting(ids: readonly string[], { store, stream }: SystemOfRecord, bus: Bus): Promise<void> {
  const waiting: Unpublished[] = [];
  for await (const { id, pending } of store.unlogged(ids)) waiting.push({ id, pending });
  const records = waiting.flatMap(({ id, pending }) => pending.map(({ json }) => recordOf(id, json, HEADERS)));
  await publish(bus, stream.topic, records);
  await store.trim(new Map(waiting.map(({ id, pending }) => [id, pending.at(-1)?.version ?? 0])));
}

async function publish(bus: Bus, topic: string, records: readonly BusRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += PORTION) {
    await bus.publish(topic, records.slice(from, from + PORTION));
  }
}

function recordOf(id: string, json: string, headers: BusRecord['headers']): BusRecord {
  return { key: Buffer.from(id), value: Buffer.from(json), headers };
}

/** What was put back, or copied, is at another place now than the history says. */
async function correctPlaces({ stream: { topic }, recorded }: SystemOfRecord, links: Links): Promise<void> {
  if (!recorded) return;
  let portion: Link[] = [];
  for await (const own of byAggregate(links.all(topic))) {
    portion.push(...own);
    if (portion.length < PORTION) continue;
    await correct(portion, recorded.entries);
    portion = [];
  }
  await correct(portion, recorded.entries);
}

async function correct(links: readonly Link[], entries: NonNullable<SystemOfRecord['recorded']>['entries']) {
  const byKey = new Map(links.map((link) => [historyKey(link.id, link.version), link]));
  const found = await entries.pick([...byKey.keys()]);
  await Promise.all(
    found.map(async (entry) => {
      const { partition, offset, hash } = byKey.get(entry.key) as Link;
      const { content, key } = entry;
      if (content.hash !== hash || (content.partition === partition && content.offset === offset)) return;
      await entries.repair(key, entry, { key, content: { ...content, partition, offset } });
    }),
  );
}
