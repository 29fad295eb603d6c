import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.js';
import { compact } from './writes.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';

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

describe('an embedded database that is opened', () => {
  it('logs the data that was lost from a damaged file, and keeps the rest', async () => {
    const items = itemsOf(database);
    await items.put('a', 'before');
    await items.put('b', 'damaged');
    await database.close();
    const [log] = (await readdir(folder.path)).filter((name) => name.endsWith('.log'));
    const path = join(folder.path, log as string);
    const content = await readFile(path, 'latin1');
    await writeFile(path, content.replace('damaged', 'DAMAGED'), 'latin1');

    const said: { lost?: readonly string[] }[] = [];
    const logger = { error: (what: object) => said.push(what), info: () => undefined };
    database = await openEmbeddedDatabase(folder.path, logger);

    expect(said.flatMap(({ lost }) => lost)).toEqual([
      expect.stringMatching(/^000003\.log: dropping \d+ bytes; Corruption: checksum mismatch/),
    ]);
    expect(await itemsOf(database).get('a')).toBe('before');
    expect(await itemsOf(database).get('b')).toBeUndefined();
  });
});

describe('an embedded database that cannot be opened', () => {
  it.each([
    { why: 'it is a file and no folder', name: 'file', make: (path: string) => writeFile(path, '') },
    { why: 'not a directory', name: 'file/below', make: (path: string) => writeFile(dirname(path), '') },
    { why: 'is a directory', name: 'locked', make: (path: string) => mkdir(join(path, 'LOCK'), { recursive: true }) },
  ])('says which folder it is, and why: $why', async ({ why, name, make }) => {
    const path = join(folder.path, name);
    await make(path);
    await expect(openEmbeddedDatabase(path)).rejects.toThrow(`DATA_DIR: ${path} cannot be opened: ${why}`);
  });

  const isRoot = process.getuid?.() === 0;
  (isRoot ? it.skip : it)('says so where it has no permission', async () => {
    const path = join(folder.path, 'closed');
    await mkdir(path, { mode: 0o500 });
    await expect(openEmbeddedDatabase(path)).rejects.toThrow(`DATA_DIR: ${path} cannot be opened: permission denied`);
    await expect(openEmbeddedDatabase(join(path, 'below'))).rejects.toThrow(
      `DATA_DIR: ${path}/below cannot be opened: permission denied`,
    );
  });
});

describe('compacting a collection on disk', () => {
  it('removes overwritten data from the disk, even if an iterator was using it', async () => {
    await itemsOf(database).put('a', 'the old value');
    await database.close();
    database = await openEmbeddedDatabase(folder.path);
    const items = itemsOf(database);
    const before = items.iterator();
    await before.next();
    await items.put('a', 'a new value');

    const compacted = compact(items);
    // Writes run one after another, so a compaction that did not wait for the iterator is finished after this one.
    await items.put('b', '');
    await before.close();
    await compacted;

    expect(await contents(folder.path)).not.toContain('the old value');
    expect(await items.get('a')).toBe('a new value');
  });

  it('removes what came to the disk together with its deletion, and leaves nothing of its own', async () => {
    const items = itemsOf(database);
    await items.batch([
      { type: 'put', key: 'a', value: 'kept' },
      { type: 'put', key: 'b', value: 'the deleted value' },
      { type: 'put', key: 'c', value: 'kept, too' },
    ]);
    await items.del('b');

    await compact(items);

    expect(await contents(folder.path)).not.toContain('the deleted value');
    expect(await database.level.iterator().all()).toEqual([
      ['!items!a', 'kept'],
      ['!items!c', 'kept, too'],
    ]);
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
