import type { AbstractBatchOperation, AbstractSublevel } from 'abstract-level';
import { notStorable } from '../tools/errors.js';
import type { Level } from './rebuild.js';

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

type Compacted = Pick<AbstractSublevel<Level, unknown, string, unknown>, 'db' | 'prefix'>;

/** Like {@link compact}, for the keys of a collection with this prefix. */
export function compactPrefix(collection: Compacted, prefix: string): Promise<void> {
  return compactRange(collection, `${collection.prefix}${prefix}`, `${collection.prefix}${prefix}\uffff`);
}

/** Removes overwritten and deleted values of a collection from the disk. Without compaction LevelDB keeps them. */
export function compact(collection: Compacted): Promise<void> {
  return compactRange(collection, collection.prefix, `${collection.prefix.slice(0, -1)}"`);
}

async function compactRange({ db }: Compacted, start: string, end: string): Promise<void> {
  const level = db as Level & { compactRange?(start: string, end: string): Promise<void> };
  if (!level.compactRange) return;
  await level.compactRange(start, end);
  // What was in memory is on the disk as it was, overwritten values included, and perhaps on the lowest level already,
  // which is only compacted together with newer files. The deletions of two keys that never exist are such a file.
  await level.batch([start, end].map((key) => ({ type: 'del', key })));
  await level.compactRange(start, end);
}
