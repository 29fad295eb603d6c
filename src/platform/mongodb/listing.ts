import type { Collection, Document } from 'mongodb';
import {
  type Direction,
  type FieldPath,
  type PlacedPage,
  type PlacedQuery,
  type ListingStore,
  toPage,
} from '../views/listing.js';
import type { AggregateDocument } from './aggregate-documents.js';
import { Pages } from './pages.js';
import { read } from './reads.js';

type Order = readonly (readonly [field: string, direction: Direction])[];

/**
 * Pages through the states of an aggregate collection. Each sort field needs an index on itself and `_id`; combinations
 * of sort fields need no further index.
 */
export class MongoListing<State extends { readonly id: string }> implements ListingStore<State> {
  private readonly pages: Pages<AggregateDocument<State>>;

  constructor(private readonly collection: Collection<AggregateDocument<State>>) {
    this.pages = new Pages(collection);
  }

  async page(query: PlacedQuery): Promise<PlacedPage<State>> {
    const order = orderOf(query);
    const equal = Object.entries(query.where).map(([path, value]) => ({ [fieldOf(path)]: { $eq: value } }));
    const conditions = query.after ? [...equal, ...beyond(order, query.after)] : equal;
    const bound = query.sort.length > 1 ? await this.bound(conditions, order, query.limit) : [];
    const { items, more } = await this.pages.page({
      filter: filterOf([...conditions, ...bound]),
      sort: Object.fromEntries(order.map(([field, direction]) => [field, direction === 'ascending' ? 1 : -1])),
      limit: query.limit,
      fields: ['state'],
    });
    return toPage({ items: items.map(({ state }) => state), more }, query);
  }

  /**
   * No index covers a combination of sort fields. The index on the first field tells up to which value the page
   * reaches, so only the documents up to that value have to be sorted by the other fields.
   */
  private async bound(conditions: readonly object[], [first]: Order, limit: number): Promise<object[]> {
    const [field, direction] = first as Order[number];
    const options = { projection: { _id: 0, [field]: 1 }, skip: limit, limit: 1 };
    const found = this.collection.find(filterOf(conditions), options).sort(field, direction);
    const [last] = await read(() => found.clone().toArray());
    if (!last) return [];
    const value = field.split('.').reduce<unknown>((parent, name) => (parent as Document | undefined)?.[name], last);
    return [{ [field]: { [direction === 'ascending' ? '$lte' : '$gte']: value } }];
  }
}

/** The id is the document's own, so its index finds it. */
function fieldOf(path: FieldPath): string {
  return path === 'id' ? '_id' : `state.${path}`;
}

function filterOf(conditions: readonly object[]): object {
  return conditions.length > 0 ? { $and: conditions } : {};
}

function orderOf({ sort }: PlacedQuery): Order {
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
