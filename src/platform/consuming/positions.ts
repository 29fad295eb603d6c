import type { Position } from '../log/position.js';

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
