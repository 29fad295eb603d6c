import { randomBytes } from 'node:crypto';
import { Container } from 'inversify';
import type { Aggregate } from '../aggregate/aggregates.js';
import type { Bus } from '../log/bus.js';
import type { RecordedTopic } from '../rebuilding/fork-watch.js';
import type { History } from '../views/history.js';
import { AwaitedProjection } from '../views/awaited-projection.js';
import { Cursors } from '../views/cursors.js';
import type { LateLimits } from '../rebuilding/late-states.js';
import type { Replayable, RebuildScope } from '../rebuilding/replayable.js';
import type { Subscription } from '../consuming/subscription.js';
import { ContextKeys } from './context-keys.js';
import type { OpenEvents } from '../privacy/open-events.js';
import type { Erasures } from '../privacy/attestation.js';
import { confirmErasures } from './confirm-erasures.js';
import type { PersonKeys, Privacy } from './person-keys.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { ownsKeys } from '../event/event-stream.js';
import { leaseUntil } from '../log/lease.js';
import { applyRecords } from '../consuming/apply-records.js';
import type { LedgerEntry } from '../privacy/erasure-ledger.js';
import { erasureIn } from '../privacy/erasures.js';
import type { ErasureObserver } from '../privacy/erasure-observer.js';
import { changesTopicOf } from '../privacy/topics.js';
import type { UnconfirmedErasures } from '../privacy/unconfirmed-erasures.js';
import type { AggregateStore, Database } from './database.js';
import type { AggregateDeclaration, ContextDeclaration, ReactionDeclaration } from './declaration.js';
import type { ContextViews } from './context-views.js';
import { forgetErased } from './forgetting.js';
import { recordingOf } from './recording.js';
import { projectingNewestOf } from './projecting-newest.js';
import { type Part, projectingOf, reactingOf, subscriptionsOf } from './reacting.js';
import { openAggregate, toSystemOfRecord } from './open-aggregate.js';
import type { Provided, Token } from './token.js';

/** A context with its open database. */
export interface OpenContext {
  /** Has the context's ports under their tokens. A port can be rebound until it is first used. */
  readonly container: Container;
  /** The keys of the persons that it deals with. */
  readonly keys: readonly PersonKeys[];
  /** Attestations of the erasures of its own persons. */
  readonly attestations: readonly Erasures[];
  /** The erasures of its own persons that other contexts have not confirmed. */
  readonly unconfirmed: readonly UnconfirmedErasures[];
  /** Opens the events that it publishes; undefined if they have no personal part. */
  readonly open: OpenEvents | undefined;
  readonly stores: readonly AggregateStore<Aggregate>[];
  /** What operators look at. */
  readonly views: ContextViews;
  readonly histories: readonly RecordedTopic[];
  /** The context's subscriptions while it serves. */
  readonly subscriptions: readonly Subscription[];
  /** The part of the database that is derived from the log, and how to derive it. */
  readonly replayable: Replayable;
  /** Returns only the part of it with these collections. @param limits of the states that are kept back */
  readonly replayableOnly: (scope: RebuildScope, limits?: LateLimits) => Replayable;
  /** Creates indexes. Safe to repeat. */
  readonly prepare: () => Promise<void>;
  /**
   * Applies the erasures that the database may not know, and determines where reactions begin. Call it before the first record is applied. Safe to repeat.
   * @throws PlatformError `unavailable` when the log or the database does not answer
   */
  readonly begin: (bus: Bus) => Promise<void>;
}

/** Options for opening a context. */
export interface OpenOptions {
  /** Undefined: nothing is sealed, and nothing sealed can be opened. */
  readonly privacy?: Privacy | undefined;
  /** Names of the contexts that copy data of this one's persons, and so confirm erasures. */
  readonly confirming?: readonly string[];
  /** Aborted when the process begins to stop. */
  readonly stopping?: AbortSignal;
  /** Default: a container of the context's own. */
  readonly container?: Container;
  readonly observer?: ErasureObserver;
}

/** Opens the declared stores, and wires the context's classes to them. @param cursorsPort token of its cursors */
export function openContext(
  context: ContextDeclaration,
  cursorsPort: Token<Cursors>,
  database: Database,
  options: OpenOptions = {},
): OpenContext {
  const { stopping = new AbortController().signal, container = new Container(), privacy, observer } = options;
  const keys = new ContextKeys(database, privacy);
  const cursors = new Cursors(() => database.keepFirst('secret of cursors', newSecret));
  container.bind(cursorsPort).toConstantValue(cursors);
  const aggregates = ownersFirst(context.aggregates ?? []).map((each) =>
    openAggregate(each, { database, container, cursors, keys, confirming: options.confirming ?? [] }),
  );
  const copies = (context.projections ?? []).map(({ port, collection }) => {
    const store = database.stores.projection(collection);
    container.bind(port).toConstantValue(new AwaitedProjection(store, stopping));
    return { collection, store, audit: store.audit() };
  });
  for (const provided of [...(context.useCases ?? []), ...(context.http?.controllers ?? [])]) bind(container, provided);

  const reactions = context.reactions ?? [];
  const recorded = aggregates.map(({ declaration, store, states, history }) =>
    recordingOf(
      declaration,
      store,
      states,
      history?.history as History<Aggregate> | undefined,
      keys.of(declaration.events.keys),
    ),
  );
  const openerOf = ({ keys: topic }: ReactionDeclaration) => keys.of(topic)?.open;
  const projecting = reactions.map((each) => projectingOf(each, container, openerOf(each)));
  const projectingNewest = (limits?: LateLimits) =>
    reactions.map(
      (each, index) => projectingNewestOf(each, container, keys.of(each.keys), limits) ?? (projecting[index] as Part),
    );
  const reacting = reactions.map((each) => reactingOf(each, container, openerOf(each)));
  const confirmed = aggregates.flatMap(({ confirmations }) => confirmations ?? []);
  const collecting = confirmed.map(({ part }) => part);
  const recording = recorded.flatMap((each, index) => (aggregates[index]?.history ? [each.recording] : []));
  const serving: Part[] = [...recording, ...reacting, ...collecting];
  const erasing = new Set([
    ...aggregates.flatMap(({ declaration }) => erasingTypesOf(declaration)),
    ...reactions.flatMap(typesOf),
  ]);
  const rebuildingAll = (projected: readonly Part[], restoring: readonly Part[]) => [
    ...projected,
    ...recorded.map((each) => each.recording),
    ...restoring,
    ...collecting,
  ];
  const projections = subscriptionsOf(
    context.name,
    rebuildingAll(
      projecting,
      recorded.map(({ restoringEach }) => restoringEach),
    ),
  );
  let used: Bus | undefined;
  const onErased = async (topic: string, events: readonly CloudEvent[]) => {
    await database.dropInspections();
    await database.purge?.();
    for (const each of keys.all.filter((one) => topic === changesTopicOf(one.topic))) {
      const erasures = events.flatMap((event) => erasureIn(event, each.topic) ?? []);
      if (each.areCopies) {
        await confirmErasures(context.name, each.topic, events, used);
        observer?.onConfirmed(each.topic, context.name, erasures.length);
      } else {
        for (const { unconfirmed } of confirmed) unconfirmed.add(each.topic, erasures);
        observer?.onErased(each.topic, erasures.length);
      }
    }
  };

  const systemsOfRecord = aggregates.map((each) => toSystemOfRecord(each, keys));
  const histories = aggregates.flatMap(({ history }) => history?.entries ?? []);
  const replayable: Replayable = {
    projections,
    newestOnly: subscriptionsOf(
      context.name,
      rebuildingAll(
        projectingNewest(),
        recorded.map(({ restoringNewest }) => restoringNewest),
      ),
    ),
    newestFirst: new Set(),
    systemsOfRecord,
    erasing: [...erasing],
    collections: [
      ...aggregates.flatMap(({ states, history }) => [states, ...(history ? [history.entries] : [])]),
      ...copies.map(({ audit }) => audit),
      ...confirmed.map(({ collected }) => collected),
    ],
    prepare,
  };

  return {
    container,
    keys: keys.all,
    attestations: confirmed.map(({ attesting }) => attesting),
    unconfirmed: confirmed.map(({ unconfirmed }) => unconfirmed),
    open: aggregates.map(({ declaration }) => keys.of(declaration.events.keys)?.open).find((open) => open),
    stores: aggregates.map(({ store }) => store),
    views: {
      aggregates: aggregates.map(({ declaration: { events }, store, history, confirmations }) => ({
        ...{ events, states: store, recorded: history?.history, opened: history?.opened },
        attesting: confirmations?.attesting,
      })),
      copies,
      openWith: (topic) => keys.of(topic)?.open,
    },
    histories: aggregates.flatMap(({ declaration, history }) =>
      history ? [{ topic: declaration.events.topic, history: history.history }] : [],
    ),
    subscriptions: subscriptionsOf(context.name, serving, { erasing, onErased }),
    replayable,
    replayableOnly: (scope, limits) => (scope === 'states' ? statesOnly(limits) : historiesOnly()),
    prepare,
    begin: async (bus) => {
      used = bus;
      for (const each of keys.all) await each.begin({ bus, applied, onErasures });
      for (const each of reacting) await each.begin(bus, database);
    },
  };

  function statesOnly(limits?: LateLimits): Replayable {
    const rebuilding = (projected: readonly Part[], restoring: readonly Part[]) =>
      subscriptionsOf(context.name, [
        ...projected,
        ...recorded.map(({ checking }) => checking),
        ...restoring,
        ...collecting,
      ]);
    const own = systemsOfRecord.map(({ stream: { topic } }) => topic);
    return {
      ...replayable,
      projections: rebuilding(
        projecting,
        recorded.map(({ restoringEach }) => restoringEach),
      ),
      newestOnly: rebuilding(
        projectingNewest(limits),
        recorded.map(({ restoringNewestFirst }) => restoringNewestFirst(limits)),
      ),
      newestFirst: new Set(own.filter((topic) => projecting.every((each) => each.topic !== topic))),
      systemsOfRecord: systemsOfRecord.map(({ recorded: _, ...system }) => system),
      collections: replayable.collections.filter((each) => !histories.includes(each)),
    };
  }

  function historiesOnly(): Replayable {
    const recordings = subscriptionsOf(
      context.name,
      recorded.map(({ recording }) => recording),
    );
    return {
      ...{ ...replayable, projections: recordings, newestOnly: recordings, collections: histories },
      prepare: () => Promise.resolve(),
    };
  }

  async function applied(topic: string): Promise<ReadonlyMap<number, number>> {
    const positions = await database.positions.of(context.name);
    return new Map(positions.flatMap((each) => (each.topic === topic ? [[each.partition, each.next] as const] : [])));
  }

  /** As a replay does, which changes nothing that is newer. */
  async function onErasures(entries: readonly LedgerEntry[]): Promise<void> {
    const lease = leaseUntil(stopping);
    for (const { declaration, store } of aggregates) await forgetErased(declaration.events, store, entries);
    for (const projection of projections) {
      const records = entries.flatMap(({ record }) => (record.topic === projection.topic ? [record] : []));
      if (records.length > 0) await applyRecords(projection, records, lease);
    }
  }

  async function prepare(): Promise<void> {
    for (const { declaration, store } of aggregates) await store.prepare(declaration.list?.indexes);
  }
}

/** Kept in the database, so that all instances of the context accept each other's cursors. */
function newSecret(): Promise<string> {
  return Promise.resolve(randomBytes(32).toString('base64url'));
}

/** Those whose aggregates are persons first: others may need their keys. */
function ownersFirst(aggregates: readonly AggregateDeclaration[]): readonly AggregateDeclaration[] {
  const isOwner = ({ events }: AggregateDeclaration) => ownsKeys(events);
  return [...aggregates.filter(isOwner), ...aggregates.filter((each) => !isOwner(each))];
}

function bind(container: Container, { provides, needs, create }: Provided): void {
  // A new instance each time: tsoa keeps a response's headers in the controller, and use cases have no state.
  container
    .bind(provides)
    .toResolvedValue(create, [...needs])
    .inTransientScope();
}

function erasingTypesOf({ events: { typePrefix, erasing = [] } }: AggregateDeclaration): readonly string[] {
  return erasing.map((type) => `${typePrefix}.${type}`);
}

function typesOf({ erasing = [] }: ReactionDeclaration): readonly string[] {
  return erasing;
}
