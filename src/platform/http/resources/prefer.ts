const MAX_SECONDS = 10;

/** Seconds that `Prefer: wait=SECONDS` (RFC 7240) asks for, at most 10; 0 without it. What cannot be read is ignored. */
export function parsePreferWait(header: string | undefined): number {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(header ?? '')?.[1];
  return Math.min(Number(wait ?? 0), MAX_SECONDS);
}
