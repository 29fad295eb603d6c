/** Path of a value in a state: `customerId`, `contact.email`. */
export type FieldPath = string;
export type Direction = 'ascending' | 'descending';
export type Scalar = string | number;

export interface ListQuery {
  /** Required values by field (of an array: of one of its elements); null: the field must be missing. */
  readonly where: Readonly<Record<FieldPath, Scalar | null>>;
  /** Most significant first; the id breaks ties. */
  readonly sort: readonly (readonly [FieldPath, Direction])[];
  /** Most items in the page. */
  readonly limit: number;
  /** Position to continue after: the values of the last item's sort fields, then its id. */
  readonly after?: readonly Scalar[];
}

export interface ListPage<State> {
  readonly items: readonly State[];
  /** Position of the next page, if there is one. */
  readonly next?: readonly Scalar[];
}

/** Pages through states in a stable order that inserts do not shift. */
export interface Listing<State> {
  page(query: ListQuery): Promise<ListPage<State>>;
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
export function placeOf(state: { readonly id: string }, sort: ListQuery['sort']): Scalar[] {
  return [...sort.map(([path]) => valuesAt(state, path)[0] ?? ''), state.id];
}

/** Returns a page from at most `limit + 1` ordered items; an extra item means that there are more. */
export function toPage<State extends { readonly id: string }>(
  items: readonly State[],
  query: ListQuery,
): ListPage<State> {
  const page = items.slice(0, query.limit);
  const last = page.at(-1);
  return items.length > query.limit && last ? { items: page, next: placeOf(last, query.sort) } : { items: page };
}
