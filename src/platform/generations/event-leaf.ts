import type { BusRecord } from '../log/bus.js';
import { originalHashes } from '../event/copied-event.js';
import { canonicalJson } from '../event/hash-chain.js';
import { tryParse } from '../event/parse-cloud-event.js';
import type { EventTransform } from './event-transform.js';
import type { Leaf } from './copy-index.js';
import { leafHash } from './merkle-tree.js';

/**
 * Returns the leaf of a record: id, sequence, type, time, original hash and data of an event, which all generations have
 * in common. It sorts by aggregate and version. A record that is no event counts with its key and its value.
 * @param transform tells what the generations have in common of the data (default: all of it)
 */
export function leafOf(record: BusRecord, transform?: EventTransform): Leaf {
  const event = tryParse(record);
  if (!event) {
    const bytes = [record.key, record.value].map((each) => each?.toString('base64') ?? null);
    return { order: '', hash: leafHash(canonicalJson(bytes)) };
  }
  const { id, subject, sequence, type, time } = event;
  const data = transform ? transform.commonOf(event) : event.data;
  const { hash = null } = originalHashes(event);
  return {
    order: `${subject}\0${sequence.padStart(15, '0')}`,
    hash: leafHash(contentOf(id, sequence, type, time, hash, data)),
  };
}

function contentOf(...content: readonly unknown[]): string {
  try {
    return canonicalJson(content);
  } catch {
    // Half of a surrogate pair has no canonical form.
    return JSON.stringify(content);
  }
}
