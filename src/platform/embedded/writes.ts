import type { AbstractBatchOperation, AbstractSublevel } from 'abstract-level';
import { notStorable } from '../tools/errors.js';
import type { Level } from './level.js';

export type Write = AbstractBatchOperation<Level, string, unknown>;

/**
 * Writes the batch atomically. Resolves when it is on disk.
 * @throws PlatformError `not-storable` when it cannot be serialized as JSON
 */
export async function writeDurably(level: Level, writes: Write[]): Promise<void> {
  const synced: object = { sync: true };
  if (writes.length === 0) return;
  try {
    await level.batch(writes, synced);
  } catch (error) {
    throw (error as Error).name === 'RangeError' ? notStorable('the state is nested too deeply for JSON') : error;
  }
}

/** Like {@link compact}, for the keys of a collection with this prefix, which is no key itself. */
export async function compactPrefix(
  collection: Pick<AbstractSublevel<Level, unknown, string, unknown>, 'db' | 'prefix'>,
  prefix: string,
): Promise<void> {
  const { db } = collection as { db: { compactRange?(start: string, end: string): Promise<void> } };
  await db.compactRange?.(`${collection.prefix}${prefix}`, `${collection.prefix}${prefix}\uffff`);
}

/** Removes overwritten and deleted values of a collection from the disk. Without compaction LevelDB keeps them. */
export async function compact(
  collection: Pick<AbstractSublevel<Level, unknown, string, unknown>, 'db' | 'prefix'>,
): Promise<void> {
  // The keys of the collection begin with `!name!`: these come just before and after them.
  const [start, end] = [' ', '"'].map((end) => `${collection.prefix.slice(0, -1)}${end}`) as [string, string];
  const { db } = collection as { db: { compactRange?(start: string, end: string): Promise<void> } };
  await db.compactRange?.(start, end);
}
