import type { Container } from 'inversify';
import type { Aggregate, Change } from '../aggregate/aggregates.js';
import type { History, HistoryReader } from '../views/history.js';
import { OpenedHistory } from '../views/opened-history.js';
import { ownEventsOf } from '../views/read-own-events.js';
import { CursorListing } from '../views/cursor-listing.js';
import type { Cursors } from '../views/cursors.js';
import type { Auditable } from '../rebuilding/auditable.js';
import type { SystemOfRecord } from '../rebuilding/replayable.js';
import type { ContextKeys } from './context-keys.js';
import type { Confirmed, Erasures } from '../privacy/attestation.js';
import { confirmationsPart, erasuresFrom, hasConfirmed } from './attestations.js';
import { ownsKeys } from '../event/event-stream.js';
import { UnconfirmedErasures } from '../privacy/unconfirmed-erasures.js';
import type { AggregateStore, Audited, Database } from './database.js';
import type { AggregateDeclaration } from './declaration.js';
import type { Part } from './reacting.js';

/** An aggregate that the context owns, with its stores. */
export interface OpenAggregate {
  readonly declaration: AggregateDeclaration;
  readonly store: AggregateStore<Aggregate, Change>;
  readonly states: Auditable;
  readonly history?: { readonly history: History; readonly opened: HistoryReader; readonly entries: Auditable };
  /** Confirmations of erasures, and the part that collects them. */
  readonly confirmations?: {
    readonly part: Part;
    readonly collected: Auditable;
    readonly attesting: Erasures;
    readonly unconfirmed: UnconfirmedErasures;
  };
}

interface Opening {
  readonly database: Database;
  readonly container: Container;
  readonly cursors: Cursors;
  readonly keys: ContextKeys;
  readonly confirming: readonly string[];
}

/** Opens the stores of an aggregate, and binds its ports. */
export function openAggregate(
  declaration: AggregateDeclaration,
  { database: { stores, overwritten }, container, cursors, keys, confirming }: Opening,
): OpenAggregate {
  const { port, collection, events, list, history: declared } = declaration;
  const store = stores.aggregates<Aggregate>(collection, events, keys.sealingOf(events));
  keys.add(events, store.keys);
  container.bind(port).toConstantValue(store);
  if (list)
    container.bind(list.port).toConstantValue(new CursorListing(stores.listing(collection), collection, cursors));
  const history: (History<Aggregate> & Audited) | undefined =
    declared && stores.history<Aggregate>(declared.collection);
  const opened = history && new OpenedHistory(history, events, keys.of(events.keys)?.open);
  if (declared && opened) container.bind(declared.port).toConstantValue(opened);
  const { erasures } = declaration;
  const confirmations = erasures && stores.projection<Confirmed>(erasures.collection);
  const attesting = confirmations && erasuresFrom({ events, store, history, confirmations, confirming, overwritten });
  if (erasures && attesting) container.bind(erasures.port).toConstantValue(attesting);
  return {
    ...{ declaration, store, states: store.audit() },
    ...(history &&
      opened && {
        history: { history: history as History, opened: opened as HistoryReader, entries: history.audit() },
      }),
    ...(confirmations &&
      attesting && {
        confirmations: {
          attesting,
          part: confirmationsPart(events.keys ?? '', confirmations),
          collected: confirmations.audit(),
          unconfirmed: new UnconfirmedErasures({
            ...{ keysTopic: events.keys ?? '', confirming, has: hasConfirmed(confirmations) },
          }),
        },
      }),
  };
}

/** Returns what a rebuild needs of an aggregate that the context owns. */
export function toSystemOfRecord(
  { declaration: { events }, store, states, history }: OpenAggregate,
  keys: ContextKeys,
): SystemOfRecord {
  const { state: read } = ownEventsOf<Aggregate>(events);
  const own = keys.of(events.keys);
  return {
    ...{ stream: events, read, store, states },
    ...(own && {
      keys: {
        ...{ sealing: keys.sealingOf(events), open: own.open, source: own.source, takePublished: own.takePublished },
        ...(ownsKeys(events) && { holder: store.keys }),
      },
    }),
    ...(history && { recorded: history }),
  };
}
