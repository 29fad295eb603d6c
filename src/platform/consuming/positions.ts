import { hash } from 'node:crypto';
import type { BusRecord } from '../log/bus.js';

/** The position of a consumer group in one partition. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next record to consume. */
  readonly next: number;
  /** Fingerprint of the record before that one, see {@link fingerprintOf}; empty if it was not read. */
  readonly last: string;
}

/** A position, and the offset that must still be the stored one (undefined: nothing is stored). */
export interface Advance {
  readonly position: Position;
  readonly from: number | undefined;
}

/**
 * The positions of consumer groups, stored in the same database as the groups' own data. The log keeps offsets as well;
 * a difference between the two reveals that one of them was restored from a backup.
 */
export interface Positions {
  of(group: string): Promise<readonly Position[]>;
  /** Stores each position whose stored offset is still `from`, and leaves the others. Returns how many were stored. */
  advance(group: string, advances: readonly Advance[]): Promise<number>;
  /** Drops the positions of a topic: its consumers start from the oldest record. */
  forget(group: string, topic: string): Promise<void>;
}

/** Returns a fingerprint that distinguishes a record from others that a restored log may have at the same offset. */
export function fingerprintOf({ key, value }: Pick<BusRecord, 'key' | 'value'>): string {
  const nothing = Buffer.alloc(0);
  return hash('sha256', Buffer.concat([key ?? nothing, Buffer.from([0]), value ?? nothing]), 'hex').slice(0, 32);
}

/** Returns `topic/partition`. */
export function partitionName({ topic, partition }: Pick<Position, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`;
}
