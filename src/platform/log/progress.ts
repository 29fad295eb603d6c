import type { LogReader } from './bus.js';

/** The progress of a reader in one partition, in offsets. */
export interface Position {
  /** Offset of the oldest record when the reader started. */
  readonly first: number;
  /** Offset of the next record. */
  next: number;
  /** Offset after the last record, as last fetched. */
  end: number;
}

/** Returns the number of records handled, and the number of all between start and end. */
export function progressOf(positions: Iterable<Position>): LogReader['progress'] {
  let [read, total] = [0, 0];
  for (const { first, next, end } of positions) {
    read += Math.min(next, end) - first;
    total += end - first;
  }
  return { read, total };
}
