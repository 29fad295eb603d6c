import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { MemoryLevel } from 'memory-level';
import { temporaryFolder, type TemporaryFolder } from '../testing/temporary-folder.js';
import { prefixOf } from './generations.js';
import { GenerationLevel } from './generation-level.js';
import type { Level } from './level.js';

const NAMES = ['a', 'b', 'b.due', 'z'] as const;
const KEYS = ['', 'k', 'k!', 'ключ', '\uffff', 'zz'];

describe.each([
  ['in memory', () => new MemoryLevel() as unknown as Level],
  ['on disk', (path: string) => new ClassicLevel(path) as unknown as Level],
] as const)('a generation of a database %s', (_where, openRoot) => {
  let folder: TemporaryFolder;
  let root: Level;

  beforeEach(async () => {
    folder = await temporaryFolder();
    root = openRoot(join(folder.path, 'level'));
    await root.open();
  });

  afterEach(async () => {
    await root.close();
    await folder.remove();
  });

  async function generationOf(number: number): Promise<GenerationLevel> {
    const level = new GenerationLevel(root, prefixOf(number));
    await level.open();
    return level;
  }

  const collection = (level: object, name: string) =>
    (level as Level).sublevel<string, unknown>(name, { valueEncoding: 'json' });

  it('has the same bytes as a sublevel of the same name', async () => {
    for (const [number, parent] of [
      [0, root],
      [3, root.sublevel('generation-3', {})],
    ] as const) {
      const items = collection(await generationOf(number), 'items');
      await items.put('ключ', { written: 'by it' });
      const same = collection(parent, 'items');
      expect(await same.get('ключ')).toEqual({ written: 'by it' });
      await same.put('other', { written: 'before' });
      expect(await items.iterator().all()).toEqual([
        ['other', { written: 'before' }],
        ['ключ', { written: 'by it' }],
      ]);
    }
  });

  it('answers everything as a level of its own does, whatever is in other generations', async () => {
    const key = fc.constantFrom(...KEYS.slice(1));
    const name = fc.constantFrom(...NAMES);
    const bound = fc.constantFrom(...KEYS.slice(1));
    const limits = fc.record({ reverse: fc.boolean(), limit: fc.integer({ min: 0, max: 4 }) }, { requiredKeys: [] });
    const lower = fc.oneof(fc.record({ gt: bound }), fc.record({ gte: bound }), fc.constant({}));
    const upper = fc.oneof(fc.record({ lt: bound }), fc.record({ lte: bound }), fc.constant({}));
    const range = fc.tuple(limits, lower, upper).map((parts) => Object.assign({}, ...parts) as object);
    const operation = fc.oneof(
      fc.record({ do: fc.constant('put' as const), name, key, value: fc.integer() }),
      fc.record({ do: fc.constant('del' as const), name, key }),
      fc.record({ do: fc.constant('batch' as const), name, key, value: fc.integer() }),
      fc.record({ do: fc.constant('clear' as const), name, range }),
      fc.record({ do: fc.constant('read' as const), name, range }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), fc.constantFrom(0, 1, 2), async (operations, number) => {
        await root.clear();
        await collection(root.sublevel('generation-9', {}), 'a').put('k', 'of another generation');
        const model = new MemoryLevel() as unknown as Level;
        const level = await generationOf(number);
        for (const each of operations) {
          const answers = [];
          for (const parent of [level as unknown as Level, model]) {
            const items = collection(parent, each.name);
            if (each.do === 'put') await items.put(each.key, each.value);
            else if (each.do === 'del') await items.del(each.key);
            else if (each.do === 'batch')
              await parent.batch([
                { type: 'put', sublevel: items, key: each.key, value: each.value },
                { type: 'del', sublevel: collection(parent, 'z'), key: each.key },
              ] as never);
            else if (each.do === 'clear') await items.clear(each.range);
            else {
              answers.push([
                await items.iterator(each.range).all(),
                await items.keys(each.range).all(),
                await items.values(each.range).all(),
                await items.getMany(KEYS.slice(1)),
              ]);
            }
          }
          expect(answers[0]).toEqual(answers[1]);
        }
        const whole = (await (level as unknown as Level).iterator().all()).filter(
          ([at]) => !at.startsWith('!generation'),
        );
        expect(whole).toEqual(await model.iterator().all());
      }),
      { numRuns: 50 },
    );
  });

  it('switches open collections, and leaves an iterator on the generation in which it has begun', async () => {
    const level = await generationOf(0);
    const items = collection(level, 'items');
    await items.batch([
      { type: 'put', key: 'a', value: 'old' },
      { type: 'put', key: 'b', value: 'old' },
    ]);
    await collection(await generationOf(1), 'items').put('a', 'new');
    const begun = items.values();
    expect(await begun.next()).toBe('old');

    level.switchTo(prefixOf(1));

    expect(await items.get('a')).toBe('new');
    expect(await items.values().all()).toEqual(['new']);
    expect(await begun.all()).toEqual(['old']);
  });

  it('holds writes back behind the fence, once those in flight have finished', async () => {
    const level = await generationOf(0);
    const items = collection(level, 'items');
    await items.open();
    const before = items.put('a', 1);
    await level.fence.raise();
    expect(await items.get('a')).toBe(1);
    await before;

    const held = [items.put('a', 2), items.del('b'), items.clear({ gt: 'b' }), items.batch().put('c', 3).write()];
    level.switchTo(prefixOf(1));
    expect(await items.get('a')).toBeUndefined();
    level.fence.lift();
    await Promise.all(held);

    expect(await items.iterator().all()).toEqual([
      ['a', 2],
      ['c', 3],
    ]);
    expect(await collection(root, 'items').iterator().all()).toEqual([['a', 1]]);
  });
});
