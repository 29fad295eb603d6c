import type { AbstractBatchOperation } from 'abstract-level';
import { notStorable } from '../tools/errors.js';
import type { Level } from './rebuild.js';

export type Write = AbstractBatchOperation<Level, string, unknown>;

/**
 * Writes all of it or nothing, and answers when it is on disk.
 * @throws PlatformError `not-storable` when no JSON can be made of it.
 */
export async function writeDurably(level: Level, writes: Write[]): Promise<void> {
  const synced: object = { sync: true };
  if (writes.length === 0) return;
  try {
    await level.batch(writes, synced);
  } catch (error) {
    throw (error as Error).name === 'RangeError' ? notStorable('it is nested too deeply for JSON') : error;
  }
}
