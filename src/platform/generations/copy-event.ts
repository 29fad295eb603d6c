import type { BusRecord } from '../log/bus.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { isAltered, originalHashes, sealCopy } from '../event/copied-event.js';

/**
 * Changes the data of events on their way into a new generation. Ids, types, times, sequences and subjects must stay.
 */
export interface EventTransform {
  /** Returns the event as the new generation is to have it. It may be called again for the same event. */
  apply(event: CloudEvent): Promise<CloudEvent>;
  /** Returns what a transformed event said before; any other event as it is. The comparison of generations needs it. */
  undo(event: CloudEvent): Promise<CloudEvent>;
}

/** Record header of a copy: generation, partition and offset of the record that it copies. */
export const ORIGIN = 'copied-from';

/** Where a record was copied from. Partitions and offsets are the generation's own. */
export interface Origin {
  readonly generation: number;
  readonly partition: number;
  readonly offset: number;
}

/** Returns where a record was copied from; undefined for a record that was published. */
export function originOf({ headers }: Pick<BusRecord, 'headers'>): Origin | undefined {
  const found = /^(\d{1,9})\/(\d{1,9})\/(\d{1,15})$/.exec(String(headers[ORIGIN] ?? ''));
  if (!found) return undefined;
  const [generation, partition, offset] = found.slice(1).map(Number) as [number, number, number];
  return { generation, partition, offset };
}

/** Returns the header of a copy. */
export function originHeader({ generation, partition, offset }: Origin): BusRecord['headers'] {
  return { [ORIGIN]: `${generation}/${partition}/${offset}` };
}

/** The value of a copied record, and its hashes if it is an event that got another one. */
export interface EventCopy {
  readonly value: Buffer | null;
  readonly original?: string | undefined;
  readonly hash?: string | undefined;
}

/**
 * Copies an event into a chain of the new generation. A record that is no event, has no hash, or does not match its
 * hash is copied as it is: a new hash would hide that.
 * @param hashOfCopy returns the hash of the copy of another event, by its original hash
 */
export async function copyEvent(
  { value }: Pick<BusRecord, 'value'>,
  event: CloudEvent | undefined,
  hashOfCopy: (original: string) => string | undefined,
  transform?: EventTransform,
): Promise<EventCopy> {
  const original = event && originalHashes(event);
  if (original?.hash === undefined || isAltered(event as CloudEvent)) return { value };
  const prevhash = original.prevhash && (hashOfCopy(original.prevhash) ?? original.prevhash);
  const content = transform ? await transform.apply(event as CloudEvent) : (event as CloudEvent);
  const { json, hash } = sealCopy(content, prevhash);
  return { value: Buffer.from(json), original: original.hash, hash };
}
