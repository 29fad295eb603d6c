// Writes the skeleton of a bounded context: its code, and its place in the images, the manifests and the gateway.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { editsFor } from './new-context/edits.mjs';

const USAGE = `Usage: npm run new-context -- CONTEXT AGGREGATE [--plural NAME]
  Writes the skeleton of a bounded context that owns one kind of aggregate. docs/new-context.md tells how to go on.

  CONTEXT    one lower-case word: billing
  AGGREGATE  one lower-case word in the singular: invoice
  --plural   of the aggregate (default: with an s)`;

const TEMPLATE = fileURLToPath(new URL('./new-context/template', import.meta.url));
const SUFFIX = '.template';

try {
  const files = newContext(process.argv.slice(2));
  for (const [file, content] of files) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  for (const file of files.keys()) console.log(file);
  console.log('\nNext: npm run docs && npm test -- --selectProjects unit, and then docs/new-context.md.');
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 2;
}

/**
 * The files to write, with their content: all of them, or an error that says why none.
 * @param {string[]} args
 */
function newContext(args) {
  const { values, positionals } = parseArgs({ args, options: { plural: { type: 'string' } }, allowPositionals: true });
  const [context, aggregate, ...more] = positionals;
  if (context === undefined || aggregate === undefined || more.length > 0) throw new Error('two names are needed');
  const plural = values.plural ?? `${aggregate}s`;
  for (const name of [context, aggregate, plural]) expectName(name);
  if (aggregate === plural) throw new Error(`--plural: '${plural}' is the singular, too`);
  if (existsSync(`src/${context}`)) throw new Error(`src/${context} is there already`);

  /** @type {Map<string, string>} */
  const files = new Map();
  const names = placeholdersOf(context, aggregate, plural);
  const filledIn = (/** @type {string} */ text) =>
    Object.entries(names).reduce((filled, [placeholder, name]) => filled.replaceAll(placeholder, name), text);
  for (const file of filesIn(TEMPLATE)) {
    const target = filledIn(path.relative(TEMPLATE, file).slice(0, -SUFFIX.length));
    files.set(target, filledIn(readFileSync(file, 'utf8')));
  }
  const before = lastContext();
  const manifest = readFileSync(`kubernetes/base/${before}.yaml`, 'utf8');
  files.set(`kubernetes/base/${context}.yaml`, manifest.replaceAll(before, context));
  for (const { file, change } of editsFor(context, aggregate, before)) {
    const changed = change(readFileSync(file, 'utf8'));
    if (changed === undefined) throw new Error(`${file}: there is no place like that of ${before} for another context`);
    files.set(file, changed);
  }
  return files;
}

/** @param {string} name */
function expectName(name) {
  if (!/^[a-z]{2,30}$/.test(name)) throw new Error(`'${name}' is not one lower-case word`);
  const reserved = ['platform', 'generated', 'commands'];
  if (reserved.includes(name) || isKeyword(name)) throw new Error(`'${name}' means something else already`);
}

/** @param {string} name */
function isKeyword(name) {
  try {
    new Function(`"use strict"; const ${name} = 1;`);
    return false;
  } catch {
    return true;
  }
}

/** The context that is declared last: a new one stands behind it everywhere. */
function lastContext() {
  const [, names = ''] = /CONTEXTS[^=]*= \[([^\]]+)\]/.exec(readFileSync('src/contexts.ts', 'utf8')) ?? [];
  const last = names.split(',').at(-1)?.trim();
  if (!last) throw new Error('src/contexts.ts: there is no list of contexts');
  return last;
}

/**
 * @param {string} context
 * @param {string} aggregate
 * @param {string} plural
 * @returns {Record<string, string>}
 */
function placeholdersOf(context, aggregate, plural) {
  const article = /^[aeiou]/.test(aggregate) ? 'an' : 'a';
  return {
    __context__: context,
    __Context__: capitalized(context),
    __aggregate__: aggregate,
    __Aggregate__: capitalized(aggregate),
    __AGGREGATE__: aggregate.toUpperCase(),
    __aggregates__: plural,
    __Aggregates__: capitalized(plural),
    __AGGREGATES__: plural.toUpperCase(),
    __anAggregate__: `${article} ${aggregate}`,
    __AnAggregate__: `${capitalized(article)} ${aggregate}`,
  };
}

/** @param {string} word */
function capitalized(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesIn(file) : [file];
  });
}
