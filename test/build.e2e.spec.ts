import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ScriptResult, ScratchProject } from './support/scratch-project.js';

const MAIN = `import { colour } from './colour.js';\nconsole.log(colour);\n`;
const BUILT = { code: 0, output: '' };

describe('npm run build', () => {
  let project: ScratchProject;

  beforeEach(async () => {
    project = new ScratchProject({
      'src/main.ts': MAIN,
      'src/colour.ts': `export const colour: string = 'red';\n`,
      'src/messages/thing.json': '{}',
    });
    expect(await build()).toEqual(BUILT);
  });

  afterEach(() => project.remove());

  it('makes JavaScript with source maps, and what is read at run time', () => {
    expect(dist()).toEqual([
      'build.json',
      'colour.js',
      'colour.js.map',
      'main.js',
      'main.js.map',
      'messages/thing.json',
    ]);
    expect(read('messages/thing.json')).toBe('{}');
    expect(JSON.parse(read('build.json'))).toEqual({ commit: 'unknown' });
  });

  it('compiles a folder with settings of its own by these, and copies pages and styles', async () => {
    project.write(
      'src/page/tsconfig.json',
      '{ "extends": "../../tsconfig.json", "compilerOptions": { "lib": ["dom", "es2023"] }, "include": ["."], "exclude": [] }',
    );
    project.write('src/page/title.ts', `export const title: string = document.title;\n`);
    project.write('src/page/index.html', '<title>red</title>');
    project.write(
      'tsconfig.build.json',
      read('../tsconfig.build.json').replace('"exclude": [', '"exclude": ["src/page", '),
    );
    expect(await build()).toEqual(BUILT);
    expect(dist().filter((file) => file.startsWith('page/'))).toEqual(['page/index.html', 'page/title.js']);
  });

  it('compiles nothing if nothing has changed', async () => {
    const madeAt = statSync(inDist('.tsbuildinfo')).mtimeMs;
    expect(await build()).toEqual(BUILT);
    expect(statSync(inDist('.tsbuildinfo')).mtimeMs).toBe(madeAt);
  });

  it('removes what has no source any more', async () => {
    for (const file of ['src/colour.ts', 'src/messages/thing.json']) rmSync(join(project.path, file));
    project.write('src/main.ts', `console.log('none');\n`);
    project.write('dist/from-another-branch.js', '');
    expect(await build()).toEqual(BUILT);
    expect(dist()).toEqual(['build.json', 'main.js', 'main.js.map']);
  });

  it.each([
    { done: 'deleted', change: (file: string) => rmSync(file) },
    { done: 'changed', change: (file: string) => writeFileSync(file, 'throw new Error()') },
  ])('makes again what was $done in dist', async ({ change }) => {
    const good = read('colour.js');
    change(inDist('colour.js'));
    expect(await build()).toEqual(BUILT);
    expect(read('colour.js')).toBe(good);
  });

  it('keeps the last good build while a type is wrong', async () => {
    const before = dist().map(read);
    project.write('src/colour.ts', `export const colour: string = 1;\n`);
    project.write('src/new.ts', '');
    for (const time of [1, 2]) {
      const { code, output } = await build();
      expect({ time, code, output }).toEqual({
        time,
        code: 1,
        output: expect.stringMatching(/^src\/colour.ts.*TS2322/),
      });
    }
    expect(dist().map(read)).toEqual(before);
    project.write('src/colour.ts', `export const colour: string = 'blue';\n`);
    expect(await build()).toEqual(BUILT);
    expect(read('colour.js')).toContain('blue');
    expect(dist()).toContain('new.js');
  });

  function build(): Promise<ScriptResult> {
    return project.run('build.mjs');
  }

  function inDist(file: string): string {
    return join(project.path, 'dist', file);
  }

  function read(file: string): string {
    return readFileSync(inDist(file), 'utf8');
  }

  /** Its files, without the notes that builds leave for the next one. */
  function dist(): string[] {
    const files = readdirSync(join(project.path, 'dist'), { recursive: true, encoding: 'utf8' });
    return files.filter((file) => /\.\w+$/.test(file) && !file.startsWith('.')).sort();
  }
});
