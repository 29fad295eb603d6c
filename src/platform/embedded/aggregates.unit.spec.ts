import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { created, itemEvents, type Item, type ItemChange } from '../testing/items.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { aggregatesContract } from '../aggregate/aggregates.contract.js';
import { EmbeddedAggregates } from './aggregates.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';

aggregatesContract('EmbeddedAggregates in memory', async () => {
  const database = await openEmbeddedDatabase('memory');
  return {
    stores: [storeOver(database)],
    reopen: () => Promise.resolve(storeOver(database)),
    dispose: () => database.close(),
  };
});

aggregatesContract('EmbeddedAggregates on disk', async () => {
  const folder = await temporaryFolder();
  let database = await openEmbeddedDatabase(folder.path);
  return {
    stores: [storeOver(database)],
    reopen: async () => {
      await database.close();
      database = await openEmbeddedDatabase(folder.path);
      return storeOver(database);
    },
    dispose: async () => {
      await database.close();
      await folder.remove();
    },
  };
});

it('removes request digests of earlier versions from the disk, including overwritten ones', async () => {
  const folder = await temporaryFolder();
  const digests = Array.from({ length: 40 }, () => randomBytes(32).toString('base64url'));
  const at = new Date().toISOString();
  const before = await openEmbeddedDatabase(folder.path);
  const documents = before.level.sublevel<string, unknown>('items', { valueEncoding: 'json' });
  for (const [index, fingerprint] of digests.entries()) {
    const { state } = created('a');
    const commands = [{ key: 'k', fingerprint, at, version: 1 }];
    await documents.put(`item-${index % 30}`, { state, pending: [], commands });
  }
  await before.close();
  const isOnDisk = async () => {
    const files = await readdir(folder.path);
    const contents = await Promise.all(files.map((file) => readFile(join(folder.path, file), 'latin1')));
    return digests.filter((digest) => contents.some((content) => content.includes(digest))).length;
  };
  expect(await isOnDisk()).toBe(40);

  const database = await openEmbeddedDatabase(folder.path);
  const store = storeOver(database);
  expect(await store.forgetCommands('2026')).toBe(30);
  expect((await store.find('item-29'))?.commands).toEqual([{ key: 'k', at, version: 1 }]);
  expect(await isOnDisk()).toBe(0);
  expect(await store.forgetCommands('9999')).toBe(30);
  expect((await store.find('item-29'))?.commands).toEqual([]);
  await database.close();
  await folder.remove();
});

function storeOver({ level }: EmbeddedDatabase): EmbeddedAggregates<Item, ItemChange> {
  return new EmbeddedAggregates<Item, ItemChange>(level, 'items', itemEvents);
}
