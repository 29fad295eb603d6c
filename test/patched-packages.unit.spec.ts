import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const page = readFileSync('docs/patched-packages.md', 'utf8');

function versionsOnPage(): [name: string, version: string][] {
  return [...page.matchAll(/\| `([@\w/-]+)` \| (\d+\.\d+) \|/g)].map(([, name = '', version = '']) => [name, version]);
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly version: string } | undefined>>;
};

/** An optional package may not be installed here, so it asks the lock file. */
function installedVersion(name: string): string | undefined {
  return packages[`node_modules/${name}`]?.version.split('.').slice(0, 2).join('.');
}

describe('the page of patched packages', () => {
  it.each(['express', 'helmet', 'mongodb', 'kafkajs', '@platformatic/kafka'])('lists %s', (name) => {
    expect(versionsOnPage().map(([listed]) => listed)).toContain(name);
  });

  it.each(versionsOnPage())('was checked with the installed version of %s', (name, version) => {
    expect(version).toBe(installedVersion(name));
  });

  it('names only existing files', () => {
    const files = [...page.matchAll(/`((?:src|test)\/[\w./-]+)`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});
