const MAX_WAIT_SECONDS = 10;

/**
 * Returns the seconds of `Prefer: wait=SECONDS` (RFC 7240), at most 10; 0 if the preference is absent or malformed.
 * @example
 * parsePreferWait('respond-async, wait=5'); // 5
 */
export function parsePreferWait(header: string | undefined): number {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(header ?? '')?.[1];
  return Math.min(Number(wait ?? 0), MAX_WAIT_SECONDS);
}
