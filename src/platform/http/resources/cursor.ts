import { createHash } from 'node:crypto';
import { PlatformError } from '../../tools/errors.js';
import type { Scalar } from '../../views/listing.js';

/**
 * Returns an opaque cursor for a place in a list.
 * @param list identifies the list with its filters and order; the cursor is valid for this list only
 */
export function encodeCursor(list: string, place: readonly Scalar[]): string {
  const content = JSON.stringify(place);
  return Buffer.from(checksum(list, content) + content).toString('base64url');
}

/**
 * Returns the place of a cursor.
 * @throws PlatformError `malformed` for a cursor that this list did not issue
 */
export function decodeCursor(cursor: string, list: string): Scalar[] {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const content = text.slice(CHECKSUM_LENGTH);
  // The decoder skips invalid characters and surplus bits, so encode the text again and compare.
  const isWhole = Buffer.from(text).toString('base64url') === cursor;
  if (!isWhole || text.slice(0, CHECKSUM_LENGTH) !== checksum(list, content)) {
    throw new PlatformError('malformed', 'invalid-cursor', 'cursor is invalid, or belongs to another list');
  }
  return JSON.parse(content) as Scalar[];
}

const CHECKSUM_LENGTH = 16;

/** Protects against mistakes, not against forgery: a forged cursor shows only data that its caller may read anyway. */
function checksum(list: string, content: string): string {
  return createHash('sha256').update(`${list}\n${content}`).digest('base64url').slice(0, CHECKSUM_LENGTH);
}
