import type { LogReader } from './bus.js';

/** How far the reading of one partition is, in offsets. */
export interface Position {
  /** Of the oldest record when the reading began. */
  readonly first: number;
  /** Of the record that comes next. */
  next: number;
  /** After the last record, when that was last asked for. */
  end: number;
}

/** How many records are done, of those between where the reading began and where the partitions ended. */
export function progressOf(positions: Iterable<Position>): LogReader['progress'] {
  let [read, total] = [0, 0];
  for (const { first, next, end } of positions) {
    read += Math.min(next, end) - first;
    total += end - first;
  }
  return { read, total };
}
