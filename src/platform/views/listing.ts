/** Path of a value in a state: `customerId`, `contact.email`. */
export type FieldPath = string;
export type Direction = 'ascending' | 'descending';
export type Scalar = string | number;

/** A page of a list or a history ends after the item with which it has this many bytes. */
export const MAX_PAGE_BYTES = 1_000_000;

/** Ordered items up to a limit of number and bytes; at least one, if there is any. */
export interface BoundedItems<Item> {
  readonly items: readonly Item[];
  /** Whether other items follow. */
  readonly more: boolean;
}

export interface ListQuery {
  /**
   * Required values by field (of an array: of one of its elements); null: the field must be missing. The field `id`
   * needs no index of its own.
   */
  readonly where: Readonly<Record<FieldPath, Scalar | null>>;
  /** Most significant first; the id breaks ties. */
  readonly sort: readonly (readonly [FieldPath, Direction])[];
  /** Most items in the page. It ends earlier, after the item that reaches {@link MAX_PAGE_BYTES}. */
  readonly limit: number;
  /** `next` of the page before, in a query with the same `where` and `sort`. */
  readonly cursor?: string;
}

export interface ListPage<State> {
  readonly items: readonly State[];
  /** The cursor of the next page, if there is one. */
  readonly next?: string;
}

/** Pages through states in a stable order that inserts do not shift. */
export interface Listing<State> {
  /** @throws PlatformError `malformed` for a cursor that this list did not issue */
  page(query: ListQuery): Promise<ListPage<State>>;
}

export interface PlacedQuery extends Omit<ListQuery, 'cursor'> {
  /** Position to continue after: the values of the last item's sort fields, then its id. */
  readonly after?: readonly Scalar[];
}

export interface PlacedPage<State> {
  readonly items: readonly State[];
  /** Position of the next page, if there is one. */
  readonly next?: readonly Scalar[];
}

/** A listing as a database has it: with positions, which show values of the states. */
export interface ListingStore<State> {
  page(query: PlacedQuery): Promise<PlacedPage<State>>;
}

/** Returns the values at a path, which may lead through arrays. */
export function valuesAt(state: unknown, path: FieldPath): Scalar[] {
  const values = path
    .split('.')
    .reduce<unknown[]>(
      (parents, name) => parents.flatMap((parent) => (parent as Record<string, unknown> | undefined)?.[name] ?? []),
      [state],
    );
  return values as Scalar[];
}

/** Returns the position of an item in the order of a query. */
export function placeOf(state: { readonly id: string }, sort: PlacedQuery['sort']): Scalar[] {
  return [...sort.map(([path]) => valuesAt(state, path)[0] ?? ''), state.id];
}

/** Returns the page with the given items, and its `next` if there are more. */
export function toPage<State extends { readonly id: string }>(
  { items, more }: BoundedItems<State>,
  { sort }: PlacedQuery,
): PlacedPage<State> {
  const last = items.at(-1);
  return more && last ? { items, next: placeOf(last, sort) } : { items };
}
