import type { AbstractSublevel } from 'abstract-level';
import {
  type PlacedPage,
  type PlacedQuery,
  type ListingStore,
  placeOf,
  type Scalar,
  toPage,
  valuesAt,
} from '../views/listing.js';
import { boundedItems } from './pages.js';
import type { Level } from './level.js';

/** Pages through aggregates by reading all of them and keeping one page. That is fast enough for development data. */
export class EmbeddedListing<State extends { readonly id: string }> implements ListingStore<State> {
  private readonly documents: AbstractSublevel<Level, string | Buffer | Uint8Array, string, { readonly state: State }>;

  constructor(level: Level, collection: string) {
    this.documents = level.sublevel<string, { readonly state: State }>(collection, { valueEncoding: 'json' });
  }

  async page(query: PlacedQuery): Promise<PlacedPage<State>> {
    const kept: State[] = [];
    for await (const { state } of this.documents.values()) {
      if (!matches(state, query)) continue;
      const place = placeOf(state, query.sort);
      if (query.after && compare(place, query.after, query) <= 0) continue;
      const at = kept.findIndex((other) => compare(place, placeOf(other, query.sort), query) < 0);
      kept.splice(at === -1 ? kept.length : at, 0, state);
      if (kept.length > query.limit + 1) kept.pop();
    }
    return toPage(boundedItems(kept, query.limit), query);
  }
}

function matches(state: unknown, { where }: PlacedQuery): boolean {
  return Object.entries(where).every(([path, value]) => {
    const values = valuesAt(state, path);
    return value === null ? values.length === 0 : values.includes(value);
  });
}

function compare(a: readonly Scalar[], b: readonly Scalar[], { sort }: PlacedQuery): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] as Scalar;
    if (value === other) continue;
    const direction = sort[Math.min(index, sort.length - 1)]?.[1] ?? 'ascending';
    return isBefore(value, other) === (direction === 'ascending') ? -1 : 1;
  }
  return 0;
}

/** Compares text by code point, like MongoDB. JavaScript's order differs above U+FFFF. */
function isBefore(a: Scalar, b: Scalar): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return a < b;
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return (a.codePointAt(at) ?? -1) < (b.codePointAt(at) ?? -1);
}
