import { hash as digest } from 'node:crypto';

/**
 * A JSON value in its canonical form (JSON Canonicalization Scheme, RFC 8785): members sorted by UTF-16 code units, no
 * white space, numbers and strings as ECMAScript writes them. Members that are undefined are left out.
 * @throws Error for what has no such form: half of a surrogate pair, a number that is not finite.
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

/** Most strings need nothing escaped, and to see that is faster than to have it done. */
const NEEDS_NO_ESCAPE = /^[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*$/;

function quoted(text: string): string {
  if (NEEDS_NO_ESCAPE.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new Error('half of a surrogate pair is no character');
  return JSON.stringify(text);
}

/**
 * The hash of an event: SHA-256, in hexadecimal, over its canonical form (JSON Canonicalization Scheme, RFC 8785) with
 * everything in it but `hash` itself. It covers `prevhash`, and so every event of the aggregate before it.
 * @throws Error where the event has no canonical form: half of a surrogate pair is no character.
 */
export function hashOf(event: object): string {
  const { hash: _, ...hashed } = event as { hash?: unknown };
  return digestOf(canonicalJson(hashed));
}

/** The same, of an event's canonical form. */
export function digestOf(canonical: string): string {
  return digest('sha256', canonical, 'hex');
}
