import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cruise, type ICruiseOptions, type ICruiseResult, type IModule } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { CIRCLE_OF_FOLDERS, lawfulTree } from './architecture/tree.js';
import { violations } from './architecture/violations.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const options = await extractOptions(join(project, '.dependency-cruiser.mjs'));
const foldersOnly = await extractOptions(join(project, '.dependency-cruiser.folders.mjs'));
const tsConfig = extractTsConfig(join(project, 'tsconfig.json'));

async function cruiseSrcOf(baseDir: string, more?: ICruiseOptions, rules = options): Promise<ICruiseResult> {
  const { output } = await cruise(['src'], { ...structuredClone(rules), ...more, baseDir }, undefined, { tsConfig });
  return output as ICruiseResult;
}

function modulesOfSrc({ modules }: ICruiseResult): string[] {
  return modules.map(({ source }) => source).filter((source) => source.startsWith('src/'));
}

/** What a build would stop at: rules that warn do not count. */
function rulesBrokenBy({ rules = [], dependencies }: IModule): string[] {
  const broken = [...rules, ...dependencies.flatMap((dependency) => dependency.rules ?? [])];
  return [...new Set(broken.filter(({ severity }) => severity === 'error').map(({ name }) => name))];
}

// `npm run lint` applies these rules to src.
describe('the rules of the architecture', () => {
  const planted = Object.entries(violations).flatMap(([rule, files]) => files.map((file) => ({ rule, ...file })));
  const trees = mkdtempSync(join(tmpdir(), 'architecture-'));
  let broken: ReadonlyMap<string, readonly string[]>;

  afterAll(() => rmSync(trees, { recursive: true, force: true }));

  async function cruiseTree(files: Iterable<readonly [string, string]>, rules = options): Promise<ICruiseResult> {
    const tree = mkdtempSync(join(trees, 'tree-'));
    for (const [path, content] of files) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), content);
    }
    cpSync(join(project, 'package.json'), join(tree, 'package.json'));
    symlinkSync(join(project, 'node_modules'), join(tree, 'node_modules'), 'junction');
    // Packages are at node_modules/, as in the project, and not where the link leads.
    return cruiseSrcOf(tree, { preserveSymlinks: true }, rules);
  }

  beforeAll(async () => {
    const { modules } = await cruiseTree([
      ...Object.entries(lawfulTree),
      ...planted.map(({ file, content }) => [file, content] as const),
    ]);
    broken = new Map(modules.map((module) => [module.source, rulesBrokenBy(module)]));
  });

  it('let pass what is allowed', async () => {
    const result = await cruiseTree(Object.entries(lawfulTree));
    expect(result.summary.violations).toEqual([]);
    const files = Object.keys(lawfulTree).filter((file) => file.startsWith('src/'));
    expect(modulesOfSrc(result).sort()).toEqual(files.sort());
  });

  it('refuse a circle of folders', async () => {
    const { file, content } = CIRCLE_OF_FOLDERS;
    const lawful = await cruiseTree(Object.entries(lawfulTree), foldersOnly);
    expect(lawful.summary.violations).toEqual([]);
    const { summary } = await cruiseTree([...Object.entries(lawfulTree), [file, content]], foldersOnly);
    const circle = ['src/platform/event', 'src/platform/log'];
    expect(
      summary.violations
        .map(({ from }) => from)
        .filter((from) => circle.includes(from))
        .sort(),
    ).toEqual(circle);
  });

  it('have a planted violation each', () => {
    const rules = options.ruleSet?.forbidden?.map(({ name }) => name);
    expect(Object.keys(violations).sort()).toEqual(rules?.sort());
    expect(Object.keys(violations).filter((rule) => violations[rule]?.length === 0)).toEqual([]);
    // Elsewhere in the configuration a rule would go without one.
    expect(Object.keys(options.ruleSet ?? {})).toEqual(['forbidden']);
  });

  it.each(planted)('$rule refuses $content in $file', ({ rule, file }) => {
    expect(broken.get(file)).toEqual([rule]);
  });

  it('refuse nothing else of the same tree', () => {
    const refused = [...broken].filter(([, rules]) => rules.length > 0).map(([file]) => file);
    expect(refused.sort()).toEqual(planted.map(({ file }) => file).sort());
  });
});
