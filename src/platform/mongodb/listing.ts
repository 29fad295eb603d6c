import type { Collection } from 'mongodb';
import { type Direction, type ListPage, type ListQuery, type Listing, toPage } from '../views/listing.js';
import type { AggregateDocument } from './aggregates.js';
import { read } from './reads.js';

type Order = readonly (readonly [field: string, direction: Direction])[];

/**
 * Pages through the states of an aggregate collection. Each sort field needs an index on itself and `_id`; combinations
 * of sort fields need no further index.
 */
export class MongoListing<State extends { readonly id: string }> implements Listing<State> {
  constructor(private readonly collection: Collection<AggregateDocument<State>>) {}

  async page(query: ListQuery): Promise<ListPage<State>> {
    const order = orderOf(query);
    const equal = Object.entries(query.where).map(([path, value]) => ({ [`state.${path}`]: { $eq: value } }));
    const conditions = query.after ? [...equal, ...beyond(order, query.after)] : equal;
    const bound = query.sort.length > 1 ? await this.bound(conditions, order, query.limit) : [];
    const documents = await this.find([...conditions, ...bound], order, query.limit + 1);
    return toPage(documents, query);
  }

  /**
   * No index covers a combination of sort fields. The index on the first field tells up to which value the page
   * reaches, so only the documents up to that value have to be sorted by the other fields.
   */
  private async bound(conditions: readonly object[], [first]: Order, limit: number): Promise<object[]> {
    const [field, direction] = first as Order[number];
    const [last] = await this.find(conditions, [[field, direction]], 1, limit);
    if (!last) return [];
    const value = field
      .split('.')
      .slice(1)
      .reduce<unknown>((parent, name) => (parent as Record<string, unknown> | undefined)?.[name], last);
    return [{ [field]: { [direction === 'ascending' ? '$lte' : '$gte']: value } }];
  }

  private async find(conditions: readonly object[], order: Order, limit: number, skip = 0): Promise<State[]> {
    const filter = (conditions.length > 0 ? { $and: conditions } : {}) as object;
    const options = { projection: { _id: 0, state: 1 }, skip, limit, batchSize: limit };
    const documents = await read(() =>
      this.collection
        .find(filter, options)
        .sort(order as [string, Direction][])
        .toArray(),
    );
    return documents.map(({ state }) => state as State);
  }
}

function orderOf({ sort }: ListQuery): Order {
  // The id is sorted in the direction of the last field, so that one index serves both.
  const idDirection = sort.at(-1)?.[1] ?? 'ascending';
  return [...sort.map(([path, direction]) => [`state.${path}`, direction] as const), ['_id', idDirection]];
}

/** Conditions for documents after a position: (a > x) or (a = x and b > y) or ...; and a >= x as the index bound. */
function beyond(order: Order, place: readonly unknown[]): object[] {
  const [field, direction] = order[0] as Order[number];
  const alternatives = order.map(([name, way], index) => ({
    ...Object.fromEntries(order.slice(0, index).map(([equal], at) => [equal, { $eq: place[at] }])),
    [name]: { [way === 'ascending' ? '$gt' : '$lt']: place[index] },
  }));
  return [{ [field]: { [direction === 'ascending' ? '$gte' : '$lte']: place[0] } }, { $or: alternatives }];
}
