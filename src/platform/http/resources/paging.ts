import { PlatformError } from '../../tools/errors.js';
import type { FieldPath, ListPage, ListQuery, Scalar } from '../../views/listing.js';
import { decodeCursor, encodeCursor } from './cursor.js';

/** The page that a client requests. */
export interface PageRequest {
  /** The list's path. */
  readonly path: string;
  /** The query parameters that define the list: filters and order. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Returns the order for `sort=a,-b`. @throws PlatformError `invalid` when a field is repeated */
export function parseSort(sort: string, paths: Readonly<Record<string, FieldPath>>): ListQuery['sort'] {
  const fields = sort.split(',').map((field) => ({ name: field.replace(/^-/, ''), descending: field.startsWith('-') }));
  if (new Set(fields.map(({ name }) => name)).size < fields.length) {
    const errors = [{ pointer: '/sort', message: 'repeats a field' }];
    throw new PlatformError('invalid', 'invalid-request', 'the request does not match the schema', errors);
  }
  return fields.map(({ name, descending }) => [paths[name] as FieldPath, descending ? 'descending' : 'ascending']);
}

/** Returns the place before the page. @throws PlatformError `malformed` for a cursor that this list did not issue */
export function placeAfter(request: PageRequest): Scalar[] | undefined {
  return request.cursor === undefined ? undefined : decodeCursor(request.cursor, identityOf(request));
}

/** Returns the cursor of the next page and the `Link` header to it; undefined on the last page. */
export function nextOf(
  request: PageRequest,
  place: ListPage<never>['next'],
): { next: string; link: string } | undefined {
  if (!place) return undefined;
  const next = encodeCursor(identityOf(request), place);
  const query = new URLSearchParams({ ...given(request), limit: String(request.limit), cursor: next });
  return { next, link: `<${request.path}?${query.toString()}>; rel="next"` };
}

function identityOf(request: PageRequest): string {
  return `${request.path}?${new URLSearchParams(given(request)).toString()}`;
}

function given({ parameters }: PageRequest): Record<string, string> {
  const entries = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
