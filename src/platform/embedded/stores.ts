import type { Aggregate, Change } from '../aggregate/aggregates.js';
import type { Stores } from '../context/database.js';
import type { EventStream } from '../event/event-stream.js';
import { EmbeddedAggregates } from './aggregates.js';
import { EmbeddedHistory } from './history.js';
import { EmbeddedListing } from './listing.js';
import { EmbeddedProjection } from './projection.js';
import type { Level } from './rebuild.js';

/** The collections of an embedded database. */
export function embeddedStores(level: Level): Stores {
  return {
    aggregates: <State extends Aggregate, Changed extends Change<State>>(collection: string, events: EventStream) =>
      new EmbeddedAggregates<State, Changed>(level, collection, events),
    listing: <State extends Aggregate>(collection: string) => new EmbeddedListing<State>(level, collection),
    history: <State>(collection: string) => new EmbeddedHistory<State>(level, collection),
    projection: <State>(collection: string) => new EmbeddedProjection<State>(level, collection),
  };
}
