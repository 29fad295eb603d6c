// Lists what the images carry of others, and under which licences; `npm run licences` writes docs/licences.md anew.
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const file = 'docs/licences.md';

/** Licences that ask for no more than their notice, which every package carries itself. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
];

/** @typedef {{ name: string, version: string, licence: string }} Dependency */
/** @typedef {{ version?: string, license?: string, dev?: boolean }} Locked */

/**
 * What production needs, by name.
 * @param {{ packages: Record<string, Locked> }} lockfile @returns {Dependency[]}
 */
export function productionDependencies({ packages }) {
  const found = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version = '', license = 'unknown' }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: license,
    }));
  // One that is installed in two places counts once.
  const unique = new Map(found.map((each) => [`${each.name} ${each.version}`, each]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** Whether an SPDX expression allows what this project does. @param {string} licence */
export function isAllowed(licence) {
  const choices = licence.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((each) => ALLOWED.includes(each)));
}

/** The page. @param {Dependency[]} dependencies */
export function toMarkdown(dependencies) {
  const counts = new Map();
  for (const { licence } of dependencies) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const summary = [...counts].toSorted(([, a], [, b]) => b - a).map(([licence, count]) => `${licence} (${count})`);
  return `# Licences

What the images carry besides this project (MIT, see [LICENSE](../LICENSE)), Node and their Debian base: ${dependencies.length} packages, under ${summary.join(', ')}. Written by \`npm run licences\` from package-lock.json; a test fails when it is out of date, or when a licence comes in that nobody has agreed to.

| package | version | licence |
| --- | --- | --- |
${dependencies.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`).join('\n')}
`;
}

if (realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const dependencies = productionDependencies(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  writeFileSync(file, toMarkdown(dependencies));
  for (const { name, licence } of dependencies.filter((each) => !isAllowed(each.licence))) {
    console.error(`${name}: ${licence} is not a licence that is allowed`);
    process.exitCode = 1;
  }
}
