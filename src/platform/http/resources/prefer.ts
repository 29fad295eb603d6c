import { refuseLongValue } from './header-value.js';

const MAX_WAIT_SECONDS = 10;

/**
 * Returns the seconds of `Prefer: wait=SECONDS` (RFC 7240), at most 10; 0 if the preference is absent or malformed.
 * @throws PlatformError `invalid` when the header is too long
 * @example
 * parsePreferWait('respond-async, wait=5'); // 5
 */
export function parsePreferWait(header = ''): number {
  refuseLongValue('Prefer', header);
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(header)?.[1];
  return Math.min(Number(wait ?? 0), MAX_WAIT_SECONDS);
}
