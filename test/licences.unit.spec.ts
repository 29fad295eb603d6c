import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { file, isAllowed, productionDependencies, toMarkdown } from '../scripts/licences.mjs';

describe('the licences of what the images carry', () => {
  const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Parameters<
    typeof productionDependencies
  >[0];
  const dependencies = productionDependencies(lockfile);

  it('are all of the kind that is allowed', () => {
    expect(dependencies.length).toBeGreaterThan(100);
    expect(dependencies.filter(({ licence }) => !isAllowed(licence))).toEqual([]);
  });

  it('are listed as they are: `npm run licences` writes the list', () => {
    expect(readFileSync(file, 'utf8')).toBe(toMarkdown(dependencies));
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND ISC', true],
    ['MIT AND GPL-3.0-only', false],
    ['GPL-3.0-only', false],
    ['SSPL-1.0', false],
    ['unknown', false],
  ])('%s: allowed is %s', (licence, allowed) => {
    expect(isAllowed(licence)).toBe(allowed);
  });

  it('leave out what only development needs, and count once what is there twice', () => {
    const packages = {
      '': { version: '1.0.0', license: 'MIT' },
      'node_modules/a': { version: '1.0.0', license: 'ISC' },
      'node_modules/b/node_modules/@x/a': { version: '2.0.0', license: 'MIT' },
      'node_modules/c/node_modules/@x/a': { version: '2.0.0', license: 'MIT' },
      'node_modules/d': { version: '1.0.0', license: 'GPL-3.0-only', dev: true },
      'node_modules/e': { version: '1.0.0' },
    };
    expect(productionDependencies({ packages })).toEqual([
      { name: '@x/a', version: '2.0.0', licence: 'MIT' },
      { name: 'a', version: '1.0.0', licence: 'ISC' },
      { name: 'e', version: '1.0.0', licence: 'unknown' },
    ]);
  });
});
