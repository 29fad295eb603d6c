import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { keyCopiesContract } from '../privacy/key-copies.contract.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';
import { EmbeddedKeyCopies } from './key-copies.js';

keyCopiesContract('EmbeddedKeyCopies in memory', async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    writers: [copiesIn(database)],
    reopen: () => Promise.resolve(copiesIn(database)),
    dispose: () => database.close(),
  };
});

keyCopiesContract('EmbeddedKeyCopies on disk', async () => {
  const folder = await temporaryFolder();
  let database = await openEmbeddedDatabase(folder.path);
  return {
    writers: [copiesIn(database)],
    reopen: async () => {
      await database.close();
      database = await openEmbeddedDatabase(folder.path);
      return copiesIn(database);
    },
    dispose: async () => {
      await database.close();
      await folder.remove();
    },
  };
});

it('removes shredded keys from the disk', async () => {
  const folder = await temporaryFolder();
  const keys = Array.from({ length: 20 }, () => randomBytes(60).toString('hex'));
  const onDisk = async () => {
    const contents = await Promise.all(
      (await readdir(folder.path)).map((file) => readFile(join(folder.path, file), 'latin1')),
    );
    return keys.filter((key) => contents.some((content) => content.includes(key)));
  };
  const database = await openEmbeddedDatabase(folder.path);
  try {
    const copies = copiesIn(database);
    await copies.put(new Map(keys.map((wrapped, index) => [`person-${index}`, { kid: 'k', wrapped, master: 'm' }])));
    expect(await onDisk()).toEqual(keys);
    await copies.shred(new Map(keys.map((_, index) => [`person-${index}`, '2026-11-24T08:00:00.000Z'])));
    expect(await onDisk()).toEqual([]);
  } finally {
    await database.close();
    await folder.remove();
  }
});

function copiesIn({ level }: EmbeddedDatabase): EmbeddedKeyCopies {
  return new EmbeddedKeyCopies(level, 'person.keys');
}
