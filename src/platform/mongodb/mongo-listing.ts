import type { Collection } from 'mongodb';
import { type Direction, type ListPage, type ListQuery, type Listing, toPage } from '../listing/listing.js';
import type { AggregateDocument } from './mongo-aggregates.js';
import { orUnavailable } from './mongo-errors.js';

type Order = readonly (readonly [string, Direction])[];

/** Pages through the states of a collection of aggregates. */
export class MongoListing<State extends { readonly id: string }> implements Listing<State> {
  constructor(private readonly collection: Collection<AggregateDocument<State>>) {}

  async page(query: ListQuery): Promise<ListPage<State>> {
    // The id goes the way of the last sorted field, so that one index serves both.
    const idOrder = query.sort.at(-1)?.[1] ?? 'ascending';
    const order: Order = [
      ...query.sort.map(([path, direction]) => [`state.${path}`, direction] as const),
      ['_id', idOrder],
    ];
    const equal = Object.entries(query.where).map(([path, value]) => ({ [`state.${path}`]: { $eq: value } }));
    const conditions = query.after ? [...equal, beyond(order, query.after)] : equal;
    const documents = await orUnavailable(() =>
      this.collection
        .find((conditions.length > 0 ? { $and: conditions } : {}) as object, { projection: { _id: 0, state: 1 } })
        .sort(order as [string, Direction][])
        .limit(query.limit + 1)
        .toArray(),
    );
    return toPage(
      documents.map(({ state }) => state as State),
      query,
    );
  }
}

/** All that comes after a place: (a > x) or (a = x and b > y) or ... */
function beyond(order: Order, place: readonly unknown[]): object {
  return {
    $or: order.map(([field, direction], index) => ({
      ...Object.fromEntries(order.slice(0, index).map(([equal], at) => [equal, { $eq: place[at] }])),
      [field]: { [direction === 'ascending' ? '$gt' : '$lt']: place[index] },
    })),
  };
}
