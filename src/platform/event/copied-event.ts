import type { CloudEvent } from './cloud-event.js';
import { canonicalJson, digestOf, hashOf } from './hash-chain.js';

/** The hashes that an event was first published with. They identify it in every generation of its topic. */
export type OriginalHashes = Pick<CloudEvent, 'hash' | 'prevhash'>;

/** Returns the hashes that an event was first published with, also of a copy in another generation. */
export function originalHashes({ hash, prevhash, formerhash, formerprevhash }: CloudEvent): OriginalHashes {
  const own = formerhash === undefined ? { hash, prevhash } : { hash: formerhash, prevhash: formerprevhash };
  return {
    ...(own.hash !== undefined && { hash: own.hash }),
    ...(own.prevhash !== undefined && { prevhash: own.prevhash }),
  };
}

/** Returns the event as it was first published. */
export function originalOf(event: CloudEvent): CloudEvent {
  const { hash: _h, prevhash: _p, formerhash: _f, formerprevhash: _q, ...content } = event;
  return { ...content, ...originalHashes(event) };
}

/** True if the event, or the event that it copies, is altered: its content does not match its hash. */
export function isAltered(event: CloudEvent): boolean {
  if (event.hash === undefined) return false;
  const original = originalOf(event);
  return hashOrNone(event) !== event.hash || hashOrNone(original) !== original.hash;
}

/** An event of another generation, and its hash there. */
export interface SealedCopy {
  readonly json: string;
  readonly hash: string;
}

/**
 * Seals the copy of an event: with the same id, time, sequence and data, a hash of its own, and the hashes that it was
 * first published with.
 * @param prevhash hash of the predecessor's copy
 */
export function sealCopy(event: CloudEvent, prevhash: string | undefined): SealedCopy {
  const { hash: formerhash, prevhash: formerprevhash, ...content } = originalOf(event);
  const canonical = canonicalJson({ ...content, prevhash, formerhash, formerprevhash });
  const hash = digestOf(canonical);
  return { hash, json: `{"hash":"${hash}",${canonical.slice(1)}` };
}

function hashOrNone(event: object): string | undefined {
  try {
    return hashOf(event);
  } catch {
    return undefined;
  }
}
