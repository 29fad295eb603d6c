import type { Aggregate, Change } from '../aggregate/aggregates.js';
import type { Stores } from '../context/database.js';
import type { EventStream } from '../event/event-stream.js';
import type { SealingKeys } from '../privacy/sealing-keys.js';
import { EmbeddedAggregates } from './aggregates.js';
import { EmbeddedHistory } from './history.js';
import { EmbeddedKeyCopies } from './key-copies.js';
import { EmbeddedListing } from './listing.js';
import { EmbeddedProjection } from './projection.js';
import type { Level } from './level.js';
import { Updates } from './updates.js';

/** The collections of an embedded database. */
export function embeddedStores(level: Level, updates = new Updates()): Stores {
  return {
    aggregates: <State extends Aggregate, Changed extends Change<State>>(
      collection: string,
      events: EventStream,
      sealing?: SealingKeys,
    ) => new EmbeddedAggregates<State, Changed>(level, collection, events, sealing, updates),
    listing: <State extends Aggregate>(collection: string) => new EmbeddedListing<State>(level, collection),
    history: <State>(collection: string) => new EmbeddedHistory<State>(level, collection, updates),
    projection: <State>(collection: string) => new EmbeddedProjection<State>(level, collection, updates),
    keyCopies: (collection) => new EmbeddedKeyCopies(level, collection, updates),
  };
}
