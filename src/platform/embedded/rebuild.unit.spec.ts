import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import { MemoryLevel } from 'memory-level';
import { RebuildOvertaken } from '../rebuilding/rebuild.js';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';
import type { Level } from './level.js';
import { LiveCollections } from './rebuild.js';

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
    const rebuild = await database.beginRebuild(NAMES);
    expect(await valuesIn(rebuild.database)).toEqual([undefined, undefined, undefined]);

    await fill(rebuild.database, 'new');

    expect(await valuesIn(database)).toEqual(['old', 'old', 'old']);
    expect(await valuesIn(await reopened())).toEqual(['old', 'old', 'old']);
  });

  it('replaces everything when it is swapped in, and leaves no old data behind', async () => {
    const before = await size();
    for (const value of ['one', 'two', 'three']) {
      const rebuild = await database.beginRebuild(NAMES);
      await fill(rebuild.database, value);
      await rebuild.fence();
      await rebuild.swap();
      expect(await valuesIn(database)).toEqual([value, value, value]);
      await rebuild.discard();
      expect(await valuesIn(await reopened())).toEqual([value, value, value]);
    }
    // One more entry: the current generation.
    expect(await size()).toBe(before + 1);
  });

  it('leaves nothing behind when it is discarded, or when the next one begins after a crash', async () => {
    const before = await size();
    const discarded = await database.beginRebuild(NAMES);
    await fill(discarded.database, 'discarded');
    await discarded.discard();
    expect(await size()).toBe(before);

    await fill((await database.beginRebuild(NAMES)).database, 'crashed');
    await reopened();
    const next = await database.beginRebuild(NAMES);
    expect(await valuesIn(next.database)).toEqual([undefined, undefined, undefined]);
    expect(await size()).toBe(before);
    expect(await valuesIn(database)).toEqual(['old', 'old', 'old']);
  });

  it('can be discarded after it was swapped in, which changes nothing', async () => {
    const rebuild = await database.beginRebuild(NAMES);
    await fill(rebuild.database, 'new');
    await rebuild.fence();
    await rebuild.swap();
    await rebuild.discard();
    await rebuild.discard();

    expect(await valuesIn(await reopened())).toEqual(['new', 'new', 'new']);
  });

  it('keeps the first text under a name, through a rebuild and a restart', async () => {
    const never = () => Promise.reject(new Error('there is one'));
    expect(await database.keepFirst('a', () => Promise.resolve('first'))).toBe('first');
    const rebuild = await database.beginRebuild(NAMES);
    expect(await rebuild.database.keepFirst('a', never)).toBe('first');
    await rebuild.fence();
    await rebuild.swap();
    expect(await (await reopened()).keepFirst('a', never)).toBe('first');
    expect(await database.keepFirst('b', () => Promise.resolve(''))).toBe('');
    expect(await database.keepFirst('b', never)).toBe('');
  });

  it('carries over what it does not make, as it is at the swap', async () => {
    const positions = collection(database, 'positions');
    await positions.batch(['gone', 'kept', 'moved'].map((key) => ({ type: 'put', key, value: 'old' }) as const));
    const rebuild = await database.beginRebuild(NAMES);
    await fill(rebuild.database, 'new');
    await positions.put('moved', 'new');
    await positions.del('gone');
    await positions.put('come', 'new');
    await rebuild.fence();
    await rebuild.swap();
    await rebuild.discard();

    const expected = [
      ['come', 'new'],
      ['kept', 'old'],
      ['moved', 'new'],
    ];
    expect(await positions.iterator().all()).toEqual(expected);
    expect(
      await collection(await reopened(), 'positions')
        .iterator()
        .all(),
    ).toEqual(expected);
    expect(await valuesIn(database)).toEqual(['new', 'new', 'new']);
  });

  it('writes to the new collections what was held back behind the fence', async () => {
    const rebuild = await database.beginRebuild(NAMES);
    await fill(rebuild.database, 'new');
    await rebuild.fence();
    const held = collection(database, 'zebras').put('key', 'newest');
    await rebuild.swap();
    await held;
    await rebuild.discard();

    expect(await valuesIn(database)).toEqual(['new', 'new', 'newest']);
    expect(await valuesIn(await reopened())).toEqual(['new', 'new', 'newest']);
  });

  it('lets writes go on when it is discarded behind the fence', async () => {
    const before = await size();
    const rebuild = await database.beginRebuild(NAMES);
    await rebuild.fence();
    const held = collection(database, 'zebras').put('key', 'newest');
    await rebuild.discard();
    await held;

    await expect(rebuild.swap()).rejects.toThrow(RebuildOvertaken);
    expect(await valuesIn(database)).toEqual(['old', 'old', 'newest']);
    expect(await size()).toBe(before);
  });

  it('is overtaken by the next one, whose collections it leaves alone', async () => {
    const overtaken = await database.beginRebuild(NAMES);
    await fill(overtaken.database, 'overtaken');
    await overtaken.fence();
    const next = await database.beginRebuild(NAMES);
    await fill(next.database, 'new');
    await expect(overtaken.swap()).rejects.toThrow(RebuildOvertaken);
    await overtaken.discard();
    await next.fence();
    await next.swap();
    await next.discard();

    expect(await valuesIn(await reopened())).toEqual(['new', 'new', 'new']);
  });

  it('cannot swap once its fence has expired, and writes go on then', async () => {
    const live = await LiveCollections.open(await memory());
    const rebuild = await live.beginRebuild([], (level) => level, 1);
    await rebuild.fence();
    await live.level.put('!items!a', 'written');
    await expect(rebuild.swap()).rejects.toThrow(RebuildOvertaken);
    expect(await live.level.get('!items!a')).toBe('written');
  });

  it('opens a directory of an earlier version in each generation', async () => {
    await database.close();
    const root = new ClassicLevel<string, string>(directory);
    await root
      .sublevel<string, string>('generation-4', {})
      .sublevel<string, string>('accounts', {})
      .put('key', 'fourth');
    await root.close();
    expect(await valuesIn((database = await openEmbeddedDatabase(directory)))).toEqual(['old', 'old', 'old']);
    await database.close();
    await root.open();
    await root
      .sublevel<string, string>('generation-4', {})
      .sublevel<string, string>('accounts', {})
      .put('key', 'fourth');
    await root.sublevel<string, string>('generations', {}).put('current', '4');
    await root.close();

    expect(await valuesIn((database = await openEmbeddedDatabase(directory)))).toEqual([
      undefined,
      'fourth',
      undefined,
    ]);
    // The pointer and the value: what is left of a killed rebuild is removed.
    expect(await size()).toBe(2);
  });

  it.each([
    ['before the pointer is written', 'old'],
    ['after it', 'new'],
  ] as const)('is all old or all new when the process is gone %s', async (when, expected) => {
    const rebuild = await database.beginRebuild(NAMES);
    await fill(rebuild.database, 'new');
    await rebuild.fence();
    if (when === 'after it') await rebuild.swap();

    expect(await valuesIn(await reopened())).toEqual([expected, expected, expected]);
    expect(await size()).toBe(expected === 'old' ? NAMES.length : NAMES.length + 1);
  });

  it('has updates run one at a time for each collection, and none across a swap', async () => {
    const read: (string | undefined)[] = [];
    const live = await LiveCollections.open(await memory());
    const items = (live.level as unknown as Level).sublevel<string, string>('items', {});
    const append = (text: string) =>
      live.updates.run('items', async () => {
        const before = await items.get('a');
        read.push(before);
        await items.put('a', `${before ?? ''}${text}`);
      });
    const rebuild = await live.beginRebuild(['items'], (level) => level);
    const first = [append('1'), append('2')];
    await rebuild.database.sublevel<string, string>('items', {}).put('a', 'rebuilt ');
    const fenced = rebuild.fence();
    const later = append('3');
    await fenced;
    await rebuild.swap();
    await Promise.all([...first, later]);

    expect(read[0]).toBeUndefined();
    expect(read.at(-1)).toMatch(/^rebuilt /);
    expect(await items.get('a')).toMatch(/^rebuilt .*3$/);
  });
});

async function memory(): Promise<Level> {
  const root = new MemoryLevel() as unknown as Level;
  await root.open();
  return root;
}
