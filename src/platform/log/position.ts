import { hash } from 'node:crypto';
import type { BusRecord, LoggedRecord } from './bus.js';

/** The position of a consumer group in one partition. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next record to consume. */
  readonly next: number;
  /** Fingerprint of the record before that one, see {@link fingerprintOf}; empty if it was not read. */
  readonly last: string;
}

/** Returns a fingerprint that distinguishes a record from others that a restored log may have at the same offset. */
export function fingerprintOf({ key, value }: Pick<BusRecord, 'key' | 'value'>): string {
  const nothing = Buffer.alloc(0);
  return hash('sha256', Buffer.concat([key ?? nothing, Buffer.from([0]), value ?? nothing]), 'hex').slice(0, 32);
}

/** In place of the fingerprint of a record that the group has not read: a copy of one that it has. */
export const UNREAD = '';

/**
 * Returns true if the record before the position is still in the log, unchanged.
 * @param first the first record that is read from the offset of that record on
 */
export function isSameLog({ next, last }: Position, first: LoggedRecord): boolean {
  if (last === UNREAD) return true;
  if (first.offset === next - 1) return fingerprintOf(first) === last;
  return first.offset > next - 1;
}

/** Returns `topic/partition`. */
export function partitionName({ topic, partition }: Pick<Position, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`;
}
