import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { productionDependencies } from '../scripts/licences.mjs';

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
}

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const { packages } = lockedIn('.');
/** Each folder that is installed by itself; the bench installs its own. */
const INSTALLED = ['.', 'bench/baselines/emmett'];

/** Each ships what it needs for its platforms, or does without. Whoever adds one here has tried it after `npm ci`. */
const WORK_WITHOUT_INSTALL_SCRIPT = [
  '@parcel/watcher',
  '@scarf/scarf',
  '@swc/core',
  'classic-level',
  'cpu-features',
  'protobufjs',
  'ssh2',
  'unrs-resolver',
];

describe('installing', () => {
  it.each(INSTALLED)('runs no install script of any package in %s', (folder) => {
    expect(readFileSync(`${folder}/.npmrc`, 'utf8').split('\n')).toContain('ignore-scripts=true');
  });

  it('installs only packages with install scripts that are known to work without', () => {
    const found = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = found.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(names.filter((name) => !WORK_WITHOUT_INSTALL_SCRIPT.includes(name))).toEqual([]);
  });

  it.each(INSTALLED)(
    'takes packages from whichever registry is configured: the lock file of %s names none',
    (folder) => {
      const locked = Object.values(lockedIn(folder).packages);
      expect(locked.filter(({ resolved }) => resolved !== undefined)).toEqual([]);
    },
  );
});

describe('the production dependencies', () => {
  it('are there in one version each', () => {
    const versions = new Map<string, string[]>();
    for (const { name, version } of productionDependencies({ packages })) {
      versions.set(name, [...(versions.get(name) ?? []), version]);
    }
    expect(Object.fromEntries([...versions].filter(([, several]) => several.length > 1))).toEqual({});
  });
});

describe('the scripts of package.json', () => {
  it('rely on no script before or after them, because npm skips those together with install scripts', () => {
    const skipped = Object.keys(scripts).filter((name) => /^(?:pre|post)/.test(name));
    expect(skipped).toEqual([]);
  });

  it.each(['start', 'test'])('build in `npm %s` itself', (name) => {
    expect(scripts[name]).toMatch(/^npm run --silent build && node /);
  });
});

function lockedIn(folder: string): { packages: Record<string, Locked> } {
  return JSON.parse(readFileSync(`${folder}/package-lock.json`, 'utf8')) as { packages: Record<string, Locked> };
}
