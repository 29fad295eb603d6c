import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import jest from '../jest.config.js';

const page = readFileSync('docs/security.md', 'utf8');
const SOURCES = ['src', 'test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((file) =>
    file.endsWith('.ts') ? [join(folder, file)] : [],
  ),
);
const BESIDE_FOLDERS = new Set([
  'Dockerfile',
  'compose.yaml',
  'eslint.config.js',
  'package-lock.json',
  'tsconfig.json',
  '.dockerignore',
  '.npmrc',
]);
const named = [...page.matchAll(/`([^`]*)`/g)].map(([, text = '']) => text);

/** Files by path in backticks: in a folder of the project, or one of those beside the folders. */
const files = [...new Set(named.filter((text) => isPath(text)))];
const testFiles = files.filter((file) => /\.(?:spec|contract)\.ts$/.test(file));
/** A file with the titles after it: `file` "title" "title". */
const titles = [...page.matchAll(/`([^`]+\.(?:spec|contract)\.ts)`((?: "[^"]+")+)/g)].flatMap(
  ([, file = '', list = '']) => [...list.matchAll(/"([^"]+)"/g)].map(([, title = '']) => [file, title] as const),
);

describe('the page on security', () => {
  it('names only files that there are', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('names only tests that a project of jest runs', () => {
    expect(testFiles.length).toBeGreaterThan(30);
    expect(testFiles.filter((file) => !isRun(file))).toEqual([]);
  });

  it('names only titles that the tests have', () => {
    expect(titles.length).toBeGreaterThan(50);
    expect(titles.filter(([file, title]) => !textOf(file).includes(title))).toEqual([]);
  });

  it('counts its requirements, and has each once', () => {
    const rows = [...page.matchAll(/^\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) (.*) \|$/gm)].map(
      ([, numbers = '', rest = '']) => ({
        numbers: numbers.split(', '),
        last: rest.split('|').at(-1)?.trim() ?? '',
      }),
    );
    const numbers = rows.flatMap((row) => row.numbers);
    const having = (state: string) =>
      rows.filter(({ last }) => last.startsWith(`${state}: `)).reduce((sum, row) => sum + row.numbers.length, 0);
    const [inPart, notMet, operator, none] = ['not met in part', 'not met', 'operator', 'not applicable'].map(
      having,
    ) as [number, number, number, number];
    const met = numbers.length - inPart - notMet - operator - none;
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(page).toContain(
      `Of ${numbers.length} requirements below, ${met} are met, ${inPart} are not met in part, ${notMet} are not met, ` +
        `${operator} are left to the operator, and ${none} are not applicable.`,
    );
  });
});

it('the code in src starts no program and evaluates no text', () => {
  const code = SOURCES.filter((file) => file.startsWith('src') && !/\.(?:spec|contract)\.ts$/.test(file));
  const forbidden = /child_process|node:vm|worker_threads|\beval\(|new Function\(/;
  expect(code.length).toBeGreaterThan(100);
  expect(code.filter((file) => forbidden.test(readFileSync(file, 'utf8')))).toEqual([]);
});

function isPath(text: string): boolean {
  return /^(?:\.ci|bench|config|docs|kubernetes|scripts|src|test)\/[\w./-]+$/.test(text) || BESIDE_FOLDERS.has(text);
}

function textOf(file: string): string {
  // Titles in single quotes have their own quotes escaped.
  return existsSync(file) ? readFileSync(file, 'utf8').replaceAll("\\'", "'") : '';
}

/** A contract is run by the specs that import it, themselves or in another file. */
function isRun(file: string, seen: readonly string[] = []): boolean {
  if (seen.includes(file)) return false;
  if (file.endsWith('.spec.ts')) return endings().some((ending) => file.endsWith(ending));
  const imported = `/${basename(file, '.ts')}.js'`;
  return SOURCES.some((other) => textOf(other).includes(imported) && isRun(other, [...seen, file]));
}

/** What the files of the projects end with. */
function endings(): string[] {
  return jest.projects.flatMap(({ testMatch }) => testMatch.map((pattern) => pattern.replace('**/*', '')));
}
