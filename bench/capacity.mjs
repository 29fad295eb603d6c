// Plans a system: what it needs with the measured constants. Writes docs/capacity.md, or answers for other assumptions.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { constantsIn } from './capacity/constants.mjs';
import { INPUTS, inputsWith } from './capacity/inputs.mjs';
import { capacityPage } from './capacity/page.mjs';
import { answerTable, limitsTable, optionLines, storageTable } from './capacity/tables.mjs';
import { optionOf } from './capacity/words.mjs';

const help = `node bench/capacity.mjs --write          writes docs/capacity.md
node bench/capacity.mjs [OPTIONS]        prints what such a system needs

${optionLines().join('\n')}
`;

/** Without them there is nothing to plan, or something to divide by. */
const NEEDED = ['customers', 'years', 'diskFill', 'cpuFill', 'cacheShare', 'podCores'];
const isShare = (/** @type {string} */ name) =>
  INPUTS[/** @type {import('./capacity/inputs.mjs').InputName} */ (name)].unit === 'share';

/** @param {string[]} args */
function main(args) {
  const names = Object.keys(INPUTS);
  const numbers = Object.fromEntries(names.map((name) => [optionOf(name), { type: /** @type {const} */ ('string') }]));
  const { values } = parseArgs({
    args,
    options: { ...numbers, write: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return process.stdout.write(help);
  const performance = readFileSync('docs/performance.md', 'utf8');
  if (values.write) return writeFileSync('docs/capacity.md', capacityPage(performance));
  const given = names.flatMap((name) => {
    const value = /** @type {Record<string, unknown>} */ (values)[optionOf(name)];
    return value === undefined ? [] : [[name, numberOf(name, String(value))]];
  });
  const [inputs, constants] = [inputsWith(Object.fromEntries(given)), constantsIn(performance)];
  const tables = [answerTable, limitsTable, storageTable].map((each) => each([inputs], constants));
  return process.stdout.write(`${tables.join('\n\n')}\n`);
}

/** @param {string} name @param {string} text */
function numberOf(name, text) {
  const value = Number(text);
  const [least, most] = [NEEDED.includes(name) ? Number.MIN_VALUE : 0, isShare(name) ? 1 : Number.MAX_VALUE];
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new Error(
    `--${optionOf(name)} must be a number, ${least > 0 ? 'more than 0' : 'not less than 0'}${most === 1 ? ' and at most 1' : ''}`,
  );
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
