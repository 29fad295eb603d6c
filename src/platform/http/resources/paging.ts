import { PlatformError } from '../../tools/errors.js';
import type { FieldPath, ListQuery } from '../../views/listing.js';

/** The page that a client requests. */
export interface PageRequest {
  /** The list's path. */
  readonly path: string;
  /** The query parameters that define the list: filters and order. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly limit: number;
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

/** Returns the `Link` header to the next page. */
export function linkTo(cursor: string, { path, parameters, limit }: PageRequest): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const sorted = given.sort(([a], [b]) => (a < b ? -1 : 1));
  const query = new URLSearchParams({ ...Object.fromEntries(sorted), limit: String(limit), cursor });
  return `<${path}?${query.toString()}>; rel="next"`;
}
