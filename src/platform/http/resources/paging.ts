import { PlatformError } from '../../tools/errors.js';
import type { FieldPath, ListPage, ListQuery, Scalar } from '../../views/listing.js';
import { decodeCursor, encodeCursor } from './cursor.js';

/** What a client says about the page that it wants. */
export interface PageRequest {
  /** The list's path. */
  readonly path: string;
  /** The other query parameters that make it this list. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The order that `sort=a,-b` asks for. @throws PlatformError `invalid` when a field is named twice */
export function parseSort(sort: string, paths: Readonly<Record<string, FieldPath>>): ListQuery['sort'] {
  const fields = sort.split(',').map((field) => ({ name: field.replace(/^-/, ''), descending: field.startsWith('-') }));
  if (new Set(fields.map(({ name }) => name)).size < fields.length) {
    const errors = [{ pointer: '/sort', message: 'names a field twice' }];
    throw new PlatformError('invalid', 'invalid-request', 'the request does not fit the schema', errors);
  }
  return fields.map(({ name, descending }) => [paths[name] as FieldPath, descending ? 'descending' : 'ascending']);
}

/** The place after which the page begins. @throws PlatformError `malformed` for a cursor that this list did not give */
export function placeAfter(request: PageRequest): Scalar[] | undefined {
  return request.cursor === undefined ? undefined : decodeCursor(request.cursor, identityOf(request));
}

/** The `next` of an answer, and the `Link` to the next page; nothing on the last one. */
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
