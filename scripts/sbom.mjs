// Writes a software bill of materials: `node scripts/sbom.mjs --help`
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { productionDependencies } from './licences.mjs';

const help = `Usage: node scripts/sbom.mjs [--name accounts] [--version 1.4.0] [--output FILE]

Prints a CycloneDX document of the packages in the images, from package-lock.json.

  --name, --version   of the image; default: those in package.json
  --output            writes it to this file instead
  --help              prints this
`;

/**
 * @typedef {object} Component
 * @property {string} bom-ref
 * @property {string} type
 * @property {string} name
 * @property {string} version
 * @property {string} [purl]
 * @property {{ alg: string, content: string }[]} [hashes]
 * @property {{ name: string, value: string }[]} [properties]
 * @property {{ type: string, url: string }[]} [externalReferences]
 */
/**
 * @typedef {object} Bill
 * @property {string} $schema
 * @property {{ component: Component }} metadata
 * @property {Component[]} components
 * @property {{ ref: string, dependsOn: string[] }[]} dependencies
 */

/**
 * npm's, without paths of this machine and addresses of its registry.
 * @param {string} name of the image @param {string} version @returns {Bill}
 */
export function billOfMaterials(name, version) {
  const options = ['--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
  const printed = execFileSync('npm', ['sbom', ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 2] });
  /** @type {Bill} */
  const bill = JSON.parse(printed);
  const root = bill.metadata.component;
  // `npm sbom --omit=dev` would also leave out many production packages, such as express.
  const production = productionDependencies(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  const refs = new Set([root['bom-ref'], ...production.map((each) => `${each.name}@${each.version}`)]);
  // npm 10 lists a package twice that is installed in two places.
  const components = new Map(bill.components.map((each) => [each['bom-ref'], withoutPlace(each)]));
  const dependencies = new Map(bill.dependencies.map((each) => [each.ref, each.dependsOn]));
  return {
    ...bill,
    metadata: { ...bill.metadata, component: { ...withoutPlace(root), name, version } },
    components: [...components.values()].filter((each) => refs.has(each['bom-ref'])),
    dependencies: [...dependencies]
      .filter(([ref]) => refs.has(ref))
      .map(([ref, dependsOn]) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) })),
  };
}

/** @param {Component} component @returns {Component} */
function withoutPlace({ properties: _paths, externalReferences: _addresses, ...component }) {
  return component;
}

function main() {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      version: { type: 'string' },
      output: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const own = JSON.parse(readFileSync('package.json', 'utf8'));
  const bill = billOfMaterials(values.name ?? own.name, values.version ?? own.version);
  const text = `${JSON.stringify(bill, undefined, 2)}\n`;
  if (values.output === undefined) return void process.stdout.write(text);
  mkdirSync(path.dirname(values.output), { recursive: true });
  writeFileSync(values.output, text);
}

if (realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) main();
