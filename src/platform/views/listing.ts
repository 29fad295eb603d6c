/** Names a value inside a state by its path: `customerId`, `contact.email`. */
export type FieldPath = string;
export type Direction = 'ascending' | 'descending';
export type Scalar = string | number;

export interface ListQuery {
  /** The value that each of these fields has (of an array: one of its elements); null: that there is no such field. */
  readonly where: Readonly<Record<FieldPath, Scalar | null>>;
  /** Most significant first; the id breaks ties. */
  readonly sort: readonly (readonly [FieldPath, Direction])[];
  /** Most items in the answer. */
  readonly limit: number;
  /** The place to go on after: the sorted fields' values of the last item seen, then its id. */
  readonly after?: readonly Scalar[];
}

export interface ListPage<State> {
  readonly items: readonly State[];
  /** Where the next page begins, when there is one. */
  readonly next?: readonly Scalar[];
}

/** Pages through many states, in a stable order that inserts do not shift. */
export interface Listing<State> {
  page(query: ListQuery): Promise<ListPage<State>>;
}

/** The values at a path, which may lead through arrays. */
export function valuesAt(state: unknown, path: FieldPath): Scalar[] {
  const values = path
    .split('.')
    .reduce<unknown[]>(
      (parents, name) => parents.flatMap((parent) => (parent as Record<string, unknown> | undefined)?.[name] ?? []),
      [state],
    );
  return values as Scalar[];
}

/** The place of an item in the order of a query. */
export function placeOf(state: { readonly id: string }, sort: ListQuery['sort']): Scalar[] {
  return [...sort.map(([path]) => valuesAt(state, path)[0] ?? ''), state.id];
}

/** One page out of at most `limit + 1` items in order: the one too many says that there is more. */
export function toPage<State extends { readonly id: string }>(
  items: readonly State[],
  query: ListQuery,
): ListPage<State> {
  const page = items.slice(0, query.limit);
  const last = page.at(-1);
  return items.length > query.limit && last ? { items: page, next: placeOf(last, query.sort) } : { items: page };
}
