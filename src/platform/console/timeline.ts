import type { CloudEvent } from '../event/cloud-event.js';
import { hashOf } from '../event/hash-chain.js';
import { tryParse } from '../event/parse-cloud-event.js';
import type { AggregateView, ContextViews } from '../context/context-views.js';
import type { Bus } from '../log/bus.js';
import { personalStateOf, withoutPersonal } from '../privacy/personal-state.js';
import { reconstructEvent } from '../rebuilding/reconstruct-event.js';
import { PlatformError } from '../tools/errors.js';
import type { HistoryEntry, HistoryReader } from '../views/history.js';
import type { AggregateCopy, ChangeView, PastState, Timeline } from './api.js';
import { readRecord } from './read-record.js';

/** Most changes in one timeline, the newest ones. */
const MAX_CHANGES = 200;

/** A module that the process runs, with what operators look at in it. */
export interface ViewedModule {
  readonly module: string;
  readonly views: ContextViews;
}

/**
 * Returns the newest changes of an aggregate, and its copies in other modules of this process.
 * @throws PlatformError `not-found` when neither the system of record nor its history has the aggregate
 */
export async function timelineOf(modules: readonly ViewedModule[], topic: string, id: string): Promise<Timeline> {
  const { states, recorded, events } = aggregateOf(modules, topic);
  const stored = await states.find(id);
  const newest = (await recorded?.newestVersion(id)) ?? 0;
  if (!stored && newest === 0) throw new PlatformError('not-found', 'not-found', `there is no ${events.member} ${id}`);
  const version = stored?.state.version;
  const after = Math.max(0, Math.max(newest, version ?? 0) - MAX_CHANGES);
  const changes: ChangeView[] = [];
  if (recorded) for await (const page of pagesAfter(recorded, id, after)) changes.push(...page);
  return {
    ...{ topic, id, member: events.member, changes, isCut: after > 0 },
    ...(version !== undefined && { version }),
    isErased: stored?.state.erased === true,
    copies: await copiesOf(modules, id, version ?? newest, changes),
  };
}

async function* pagesAfter(history: HistoryReader, id: string, after: number): AsyncGenerator<readonly ChangeView[]> {
  for (let last: number | undefined = after; last !== undefined;) {
    const { items }: { readonly items: readonly ChangeView[] } = await history.list(id, last, MAX_CHANGES);
    yield items;
    last = items.at(-1)?.version;
  }
}

async function copiesOf(
  modules: readonly ViewedModule[],
  id: string,
  version: number,
  changes: readonly ChangeView[],
): Promise<AggregateCopy[]> {
  const found = modules.flatMap(({ module, views }) =>
    views.copies.map(async ({ collection, store }): Promise<AggregateCopy[]> => {
      const copy = await store.find(id);
      if (!copy) return [];
      const behind = Math.max(0, version - copy.version);
      const missing = behind > 0 ? changes.find((each) => each.version === copy.version + 1) : undefined;
      const behindSeconds = missing && Math.max(0, Date.now() - Date.parse(missing.time)) / 1_000;
      return [
        { module, collection, version: copy.version, behind, ...(behindSeconds !== undefined && { behindSeconds }) },
      ];
    }),
  );
  return (await Promise.all(found)).flat();
}

/** What {@link pastStateOf} needs. */
export interface PastStateQuery {
  readonly topic: string;
  readonly id: string;
  readonly version: number;
  /** False: without the personal part. */
  readonly mayOpen: boolean;
}

/**
 * Returns an aggregate as of a version, and checks the event's hash: against the history, or else against the log.
 * @throws PlatformError `not-found`; `unavailable` while the key of the person is missing
 */
export async function pastStateOf(
  modules: readonly ViewedModule[],
  bus: Bus,
  { topic, id, version, mayOpen }: PastStateQuery,
): Promise<PastState> {
  const { events, recorded, opened } = aggregateOf(modules, topic);
  const entry = await recorded?.find(id, version);
  if (!recorded || !entry) {
    throw new PlatformError('not-found', 'not-found', `the history has no version ${version} of ${id}`);
  }
  const personal = personalStateOf(events);
  const isMasked = personal !== undefined && !mayOpen;
  const shown = mayOpen ? (await opened?.find(id, version))?.state : entry.state;
  const state = shown !== undefined && isMasked ? withoutPersonal(shown, events, personal) : shown;
  const before = version > 1 ? await recorded.find(id, version - 1) : undefined;
  return {
    ...{ version, isMasked },
    ...(state !== undefined && { state }),
    ...(await integrityOf(bus, events, entry, before)),
  };
}

async function integrityOf(
  bus: Bus,
  stream: AggregateView['events'],
  entry: HistoryEntry,
  before: HistoryEntry | undefined,
): Promise<Pick<PastState, 'isIntact' | 'reason'>> {
  if (entry.hash === undefined) return { reason: 'the event has no hash' };
  const isWhole = entry.version === 1 || before !== undefined;
  const { state } = entry;
  if (isWhole && reconstructEvent(stream, { entry, state, prevhash: before?.hash }) !== undefined) {
    return { isIntact: true };
  }
  // Forgotten states and events of former schemas can only be checked where the whole event is.
  const record = await readRecord(bus, { topic: stream.topic, partition: entry.partition, offset: entry.offset });
  const event = record && (tryParse(record) as CloudEvent | undefined);
  if (!event) return { reason: 'the log does not have the event where the history says' };
  const fits = event.hash === entry.hash && hashOf(event) === event.hash;
  if (!fits) return { isIntact: false, reason: 'the event in the log does not fit the hash in the history' };
  if (before?.hash !== undefined && event.prevhash !== before.hash && event.formerprevhash === undefined) {
    return { isIntact: false, reason: 'the event does not continue the version before' };
  }
  return { isIntact: true };
}

/** @throws PlatformError `not-found` when no module of this process owns such aggregates */
function aggregateOf(modules: readonly ViewedModule[], topic: string): AggregateView {
  const found = modules.flatMap(({ views }) => views.aggregates).find(({ events }) => events.topic === topic);
  if (found) return found;
  throw new PlatformError('not-found', 'not-here', `no module of this process publishes ${topic}`);
}
