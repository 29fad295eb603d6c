import { PlatformError } from '../errors.js';
import type { ListQuery, Scalar } from '../listing/listing.js';

/** An opaque place in a list, that says which list it belongs to. */
export function encodeCursor(list: string, place: readonly Scalar[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/**
 * The place of a cursor of that very list.
 * @throws PlatformError `malformed` for one that is forged, cut short or of another list.
 */
export function decodeCursor(cursor: string | undefined, list: string, sort: ListQuery['sort']): Scalar[] | undefined {
  if (cursor === undefined) return undefined;
  const [of, ...place] = parse(cursor);
  if (of !== list || place.length !== sort.length + 1 || !place.every((value) => typeof value === 'string')) {
    throw new PlatformError('malformed', 'invalid-cursor', 'cursor is not one that this list gave');
  }
  return place;
}

function parse(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
