import { hash as digest } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

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
