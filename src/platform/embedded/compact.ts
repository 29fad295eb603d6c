import type { AbstractSublevel } from 'abstract-level';
import type { Level } from './rebuild.js';

/** Removes overwritten and deleted values of a collection from the disk. Without compaction LevelDB keeps them. */
export async function compact(
  collection: Pick<AbstractSublevel<Level, unknown, string, unknown>, 'db' | 'prefix'>,
): Promise<void> {
  const [start, end] = [collection.prefix, `${collection.prefix.slice(0, -1)}"`];
  const { db } = collection as { db: { compactRange?(start: string, end: string): Promise<void> } };
  await db.compactRange?.(start, end);
}
