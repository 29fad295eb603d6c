import type { PartitionLag } from '../log/bus.js';

/** Returns how far a group is in a partition. @param offset as stored; undefined if the group has committed none */
export function lagIn(partition: number, end: number, offset: string | undefined): PartitionLag {
  const next = Number(offset ?? 0);
  return { partition, ...(offset !== undefined && { committed: next }), next, end: Math.max(next, end) };
}
