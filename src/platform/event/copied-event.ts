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

/**
 * True if the event, or the event that it copies, is altered: its content does not match its hash. What was published of
 * a copy that was sealed on its way can be told only once it is opened.
 * @param opened the event after it was opened
 */
export function isAltered(event: CloudEvent, opened: CloudEvent = event): boolean {
  if (event.hash === undefined) return false;
  if (hashOrNone(event) !== event.hash) return true;
  const isClosed = event.formerschema !== undefined && (opened.sealed === undefined || opened.forgotten === true);
  if (isClosed) return false;
  const original = clearOriginalOf(opened) ?? originalOf(event);
  return hashOrNone(original) !== original.hash;
}

/** Returns an event that was sealed while it was copied as it was first published, in clear text; undefined for any other. */
export function clearOriginalOf(opened: CloudEvent): CloudEvent | undefined {
  const { formerschema: dataschema, formerdata, formerly, sealed: _, ...content } = opened;
  if (dataschema === undefined) return undefined;
  return { ...originalOf(content), dataschema, data: formerdata === undefined ? opened.data : formerly };
}

/** A copy of an event in another generation, and its hash there. */
export interface ComposedCopy {
  readonly json: string;
  readonly hash: string;
}

/**
 * Creates the copy of an event: with the same id, time, sequence and data, a hash of its own, and the hashes that it was
 * first published with.
 * @param prevhash hash of the predecessor's copy
 */
export function composeCopy(event: CloudEvent, prevhash: string | undefined): ComposedCopy {
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
