import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';

const NAMES = ['customers', 'accounts', 'zebras'];

describe('a rebuild in an embedded database', () => {
  let folder: TemporaryFolder;
  let directory: string;
  let database: EmbeddedDatabase;

  beforeEach(async () => {
    folder = await temporaryFolder();
    directory = join(folder.path, 'database');
    database = await openEmbeddedDatabase(directory);
    await fill(database, 'old');
  });

  afterEach(async () => {
    await database.close();
    await folder.remove();
  });

  const collection = ({ level }: EmbeddedDatabase, name: string) => level.sublevel<string, string>(name, {});

  async function fill(into: EmbeddedDatabase, value: string): Promise<void> {
    for (const name of NAMES) await collection(into, name).put('key', value);
  }

  async function valuesIn(from: EmbeddedDatabase): Promise<(string | undefined)[]> {
    return Promise.all(NAMES.map((name) => collection(from, name).get('key')));
  }

  async function reopened(): Promise<EmbeddedDatabase> {
    await database.close();
    database = await openEmbeddedDatabase(directory);
    return database;
  }

  /** All entries of the database, in all generations. */
  async function size(): Promise<number> {
    await database.close();
    const root = new (await import('classic-level')).ClassicLevel(directory);
    const keys = await root.keys().all();
    await root.close();
    database = await openEmbeddedDatabase(directory);
    return keys.length;
  }

  it('begins empty, and does not change existing data', async () => {
    const rebuild = await database.beginRebuild();
    expect(await valuesIn(rebuild.database)).toEqual([undefined, undefined, undefined]);

    await fill(rebuild.database, 'new');

    expect(await valuesIn(database)).toEqual(['old', 'old', 'old']);
    expect(await valuesIn(await reopened())).toEqual(['old', 'old', 'old']);
  });

  it('replaces everything when it is swapped in, and leaves no old data behind', async () => {
    const before = await size();
    for (const value of ['one', 'two', 'three']) {
      const rebuild = await database.beginRebuild();
      await fill(rebuild.database, value);
      await rebuild.fence();
      await rebuild.swap();
      expect(await valuesIn(await reopened())).toEqual([value, value, value]);
    }
    // One more entry: the current generation.
    expect(await size()).toBe(before + 1);
  });

  it('leaves nothing behind when it is discarded, or when the next one begins after a crash', async () => {
    const before = await size();
    const discarded = await database.beginRebuild();
    await fill(discarded.database, 'discarded');
    await discarded.discard();
    expect(await size()).toBe(before);

    await fill((await database.beginRebuild()).database, 'crashed');
    await reopened();
    const next = await database.beginRebuild();
    expect(await valuesIn(next.database)).toEqual([undefined, undefined, undefined]);
    expect(await size()).toBe(before);
    expect(await valuesIn(database)).toEqual(['old', 'old', 'old']);
  });

  it('can be discarded after it was swapped in, which changes nothing', async () => {
    const rebuild = await database.beginRebuild();
    await fill(rebuild.database, 'new');
    await rebuild.swap();
    await rebuild.discard();

    expect(await valuesIn(await reopened())).toEqual(['new', 'new', 'new']);
  });

  it('keeps the first text under a name, through a rebuild and a restart', async () => {
    const never = () => Promise.reject(new Error('there is one'));
    expect(await database.keepFirst('a', () => Promise.resolve('first'))).toBe('first');
    const rebuild = await database.beginRebuild();
    expect(await rebuild.database.keepFirst('a', never)).toBe('first');
    await rebuild.swap();
    expect(await (await reopened()).keepFirst('a', never)).toBe('first');
    expect(await database.keepFirst('b', () => Promise.resolve(''))).toBe('');
    expect(await database.keepFirst('b', never)).toBe('');
  });
});
