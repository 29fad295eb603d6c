import { hash as digest } from 'node:crypto';

/**
 * Returns a JSON value in canonical form (JSON Canonicalization Scheme, RFC 8785): members sorted by UTF-16 code units,
 * no white space, numbers and strings as in ECMAScript. Undefined members are omitted.
 * @throws Error for a lone surrogate or a number that is not finite
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('a number that is not finite is not JSON');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let members = '';
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined) members += `${members && ','}${quoted(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** Most strings need no escaping, and testing for that is faster than JSON.stringify. */
const NEEDS_NO_ESCAPE = /^[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*$/;

function quoted(text: string): string {
  if (NEEDS_NO_ESCAPE.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new Error('half of a surrogate pair is no character');
  return JSON.stringify(text);
}

/**
 * Returns the hash of an event: SHA-256 in hexadecimal, over the canonical form (RFC 8785) of everything except `hash`.
 * It covers `prevhash`, and thus all earlier events of the aggregate.
 * @throws Error like {@link canonicalJson}
 */
export function hashOf(event: object): string {
  const { hash: _, ...hashed } = event as { hash?: unknown };
  return digestOf(canonicalJson(hashed));
}

/** Returns the hash of a canonical form. */
export function digestOf(canonical: string): string {
  return digest('sha256', canonical, 'hex');
}
