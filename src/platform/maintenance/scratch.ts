import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';

/** Runs `work` with a temporary database on disk, for indexes of the log that may not fit into memory. */
export async function withScratchDatabase<T>(
  command: string,
  work: (scratch: EmbeddedDatabase) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), `${command}-`));
  try {
    const scratch = await openEmbeddedDatabase(path.join(folder, 'scratch'));
    try {
      return await work(scratch);
    } finally {
      await scratch.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
