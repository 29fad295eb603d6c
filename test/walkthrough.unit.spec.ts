import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file)),
]
  .filter((file) => file.endsWith('.md'))
  // A recipe and a list of mutants name files that are to be made, or changed.
  .filter((file) => file !== 'docs/new-context.md');

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('names files that are there', () => {
    const named = [...text.matchAll(/`((?:src|test|scripts|bench|kubernetes)\/[\w./-]+)`/g)].map(([, file]) => file!);
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#]+?)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
    const local = links.filter((link) => !/^\w+:/.test(link)).map((link) => join(dirname(page), link));
    expect(local.filter((file) => !existsSync(file))).toEqual([]);
  });
});

describe('the walk from a request to the copy', () => {
  it('has about a dozen stations, each with its files', () => {
    const stations = readFileSync('docs/a-change-from-request-to-copy.md', 'utf8')
      .split(/^(?=\*\*\d+\. )/m)
      .slice(1);
    expect(stations.length).toBeGreaterThanOrEqual(12);
    const silent = stations.filter((station) => !/`src\//.test(station)).map((station) => station.split('**')[1]);
    expect(silent).toEqual(['8. The client gets its response.']);
  });
});
