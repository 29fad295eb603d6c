import { createHash } from 'node:crypto';
import { PlatformError } from '../../tools/errors.js';
import type { Scalar } from '../../views/listing.js';

/** An opaque place in a list. `list` says which list, filters and order included: elsewhere the cursor means nothing. */
export function encodeCursor(list: string, place: readonly Scalar[]): string {
  const content = JSON.stringify(place);
  return Buffer.from(checksum(list, content) + content).toString('base64url');
}

/**
 * The place that a cursor stands for.
 * @throws PlatformError `malformed` for one that this list did not give.
 */
export function decodeCursor(cursor: string, list: string): Scalar[] {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const content = text.slice(CHECKSUM_LENGTH);
  // The decoder skips what is not base64url, and bits past the last byte.
  const isWhole = Buffer.from(text).toString('base64url') === cursor;
  if (!isWhole || text.slice(0, CHECKSUM_LENGTH) !== checksum(list, content)) {
    throw new PlatformError('malformed', 'invalid-cursor', 'cursor is not one that this list gave');
  }
  return JSON.parse(content) as Scalar[];
}

const CHECKSUM_LENGTH = 16;

/** Against mistakes, not against intent: with a forged cursor one sees what one may see anyway. */
function checksum(list: string, content: string): string {
  return createHash('sha256').update(`${list}\n${content}`).digest('base64url').slice(0, CHECKSUM_LENGTH);
}
