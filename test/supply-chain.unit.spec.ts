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
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };

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
  it('runs no install script of any package', () => {
    expect(readFileSync('.npmrc', 'utf8').split('\n')).toContain('ignore-scripts=true');
  });

  it('installs only packages with install scripts that are known to work without', () => {
    const found = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = found.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(names.filter((name) => !WORK_WITHOUT_INSTALL_SCRIPT.includes(name))).toEqual([]);
  });

  it('takes packages from whichever registry is configured, so the lock file names none', () => {
    expect(Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined)).toEqual([]);
  });
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
