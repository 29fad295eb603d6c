import { createHash } from 'node:crypto';

/** Number of partitions of every topic. */
export const PARTITIONS = 6;

/** Returns the key of a record in the store. @param at `<topic>!<partition>` */
export function logKey(at: string, offset: number): string {
  return `${at}!${String(offset).padStart(16, '0')}`;
}

/** Returns the partition of records with a key. */
export function partitionOf(key: Buffer | null): number {
  if (key === null) return Math.floor(Math.random() * PARTITIONS);
  return createHash('md5').update(key).digest().readUInt32BE(0) % PARTITIONS;
}
