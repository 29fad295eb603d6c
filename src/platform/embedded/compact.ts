import type { AbstractSublevel } from 'abstract-level';
import type { Level } from './rebuild.js';

/** Takes what was overwritten or deleted in a collection off the disk; LevelDB keeps it until then. */
export async function compact(
  collection: Pick<AbstractSublevel<Level, unknown, string, unknown>, 'db' | 'prefix'>,
): Promise<void> {
  const [start, end] = [collection.prefix, `${collection.prefix.slice(0, -1)}"`];
  const { db } = collection as { db: { compactRange?(start: string, end: string): Promise<void> } };
  await db.compactRange?.(start, end);
}
