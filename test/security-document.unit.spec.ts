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
/** What the last column of a requirement begins with, unless it is met. */
const STATES = ['not met in part', 'not met', 'operator', 'not applicable'] as const;

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
    const rows = [...page.matchAll(/^\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) .*\| (.*)\|$/gm)];
    const requirements = rows.flatMap(([, numbers = '', last = '']) =>
      numbers.split(', ').map((number) => ({ number, state: STATES.find((each) => last.startsWith(`${each}: `)) })),
    );
    const count = (state?: (typeof STATES)[number]) => requirements.filter((each) => each.state === state).length;

    expect(new Set(requirements.map(({ number }) => number)).size).toBe(requirements.length);
    expect(page).toContain(
      `Of ${requirements.length} requirements below, ${count()} are met, ${count('not met in part')} are not met in part, ` +
        `${count('not met')} are not met, ${count('operator')} are left to the operator, ` +
        `and ${count('not applicable')} are not applicable.`,
    );
  });
});

it('the code in src starts no program and evaluates no text', () => {
  const code = SOURCES.filter((file) => file.startsWith('src') && !/\.(?:spec|contract)\.ts$/.test(file));
  const forbidden = /child_process|node:vm|\beval\(|new Function\(/;
  expect(code.length).toBeGreaterThan(100);
  expect(code.filter((file) => forbidden.test(readFileSync(file, 'utf8')))).toEqual([]);
  const startsThreads = code.filter((file) => /new Worker\(/.test(readFileSync(file, 'utf8')));
  expect(startsThreads).toEqual(['src/platform/maintenance/rebuild-workers.ts']);
  // The program itself, and nothing that an argument or a record names.
  expect(readFileSync(startsThreads[0]!, 'utf8')).toMatch(/new Worker\(PROGRAM,/);
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
