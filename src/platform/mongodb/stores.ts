import type { Db } from 'mongodb';
import type { Aggregate, Change } from '../aggregate/aggregates.js';
import type { Stores } from '../context/database.js';
import type { EventStream } from '../event/event-stream.js';
import type { SealingKeys } from '../privacy/sealing-keys.js';
import type { AggregateDocument } from './aggregate-documents.js';
import { MongoAggregates } from './aggregates.js';
import { MongoHistory } from './history.js';
import { type KeyCopyDocument, MongoKeyCopies } from './key-copies.js';
import { MongoListing } from './listing.js';
import { MongoProjection } from './projection.js';

/** The collections of a MongoDB database. */
export function mongoStores(db: Pick<Db, 'collection'>): Stores {
  return {
    aggregates: <State extends Aggregate, Changed extends Change<State>>(
      collection: string,
      events: EventStream,
      sealing?: SealingKeys,
    ) => new MongoAggregates<State, Changed>(db.collection<AggregateDocument<State>>(collection), events, sealing),
    listing: <State extends Aggregate>(collection: string) => new MongoListing<State>(db.collection(collection)),
    history: <State>(collection: string) => new MongoHistory<State>(db.collection(collection)),
    projection: <State>(collection: string) => new MongoProjection<State>(db.collection(collection)),
    keyCopies: (collection) => new MongoKeyCopies(db.collection<KeyCopyDocument>(collection)),
  };
}
