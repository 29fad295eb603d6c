import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryFolder, temporaryFolder } from '../../../test/support/temporary-folder.js';
import { compact, type EmbeddedDatabase, openEmbeddedDatabase } from './embedded-database.js';

describe('compacting a collection on disk', () => {
  let folder: TemporaryFolder;
  let database: EmbeddedDatabase;
  beforeEach(async () => {
    folder = await temporaryFolder();
    database = await openEmbeddedDatabase(folder.path);
  });
  afterEach(async () => {
    await database.close();
    await folder.remove();
  });

  it('takes what was overwritten off the disk, also what a reader still had then', async () => {
    await itemsOf(database).put('a', 'the old value');
    await database.close();
    database = await openEmbeddedDatabase(folder.path);
    const items = itemsOf(database);
    const before = items.iterator();
    await before.next();
    await items.put('a', 'a new value');

    const compacted = compact(items);
    // Writes go one after another, so a compaction that waited for nobody is over after this one.
    await items.put('b', '');
    await before.close();
    await compacted;

    expect(await contents(folder.path)).not.toContain('the old value');
    expect(await items.get('a')).toBe('a new value');
  });

  it('ends when the database is closed meanwhile', async () => {
    const items = itemsOf(database);
    const reader = items.iterator();
    await reader.next();
    const compacted = compact(items).then(
      () => 'done',
      (error: unknown) => String(error),
    );
    await database.close();
    expect(await compacted).toMatch('the embedded database is closed');
  });
});

function itemsOf({ level }: EmbeddedDatabase) {
  return level.sublevel<string, string>('items', {});
}

async function contents(path: string): Promise<string> {
  const files = await readdir(path);
  return (await Promise.all(files.map((name) => readFile(join(path, name), 'latin1')))).join('\n');
}
