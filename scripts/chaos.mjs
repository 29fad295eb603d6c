import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faults } from './chaos/faults.mjs';
import { buildChecker, missingGo } from './chaos/linearizability.mjs';
import { describe, table } from './chaos/report.mjs';
import { run } from './chaos/run.mjs';

const help = `Injects faults into three brokers, three replica set members and two instances of each module under load, and checks
that everything acknowledged is stored, logged in order and copied. See docs/chaos.md.

  npm run chaos -- --minutes 20

  --minutes N, --seconds N   how long faults are injected, without the final check (default: 20 minutes)
  --seed N                   determines the faults, their order and targets (default: from the clock; printed)
  --faults A,B               only these, repeatedly (see --list)
  --clients N                concurrent clients (default: 32)
  --kafka-client NAME        kafkajs or platformatic, as KAFKA_CLIENT (default: the instances' default)
  --name NAME                name of the servers that it starts, and deletes at the end (default: chaos)
  --without-linearizability  if Go is not installed
  --list                     lists all faults
  --help

Exit codes: 0 no findings, 1 findings, 2 wrong usage.
`;

const DEFAULT_MINUTES = 20;

class WrongUsage extends Error {}

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const values = parse(args);
  if (values.help) process.stdout.write(help);
  if (values.list) for (const { name, about } of faults) console.log(`${name.padEnd(22)} ${about}`);
  if (values.help || values.list) return 0;
  const options = optionsOf(values);
  const { folder, seed, say } = options;
  mkdirSync(folder, { recursive: true });
  say(`seed ${seed}; logs in ${folder}`);
  const goMissing = missingGo();
  const isChecked = !values['without-linearizability'];
  const checker = isChecked && goMissing === undefined ? await buildChecker(join(cache(), 'porcupine')) : undefined;

  const { timeline, calls, findings, linearizability } = await run({ ...options, checker });

  writeFileSync(join(folder, 'findings.json'), JSON.stringify({ timeline, findings }, undefined, 2));
  writeFileSync(join(folder, 'calls.ndjson'), calls.map((call) => `${JSON.stringify(call)}\n`).join(''));
  console.log(table(timeline, calls, findings));
  for (const fault of options.faults) {
    const lacking = fault.missing?.();
    if (lacking !== undefined) console.log(`NOT INJECTED: ${fault.name}: this machine lacks ${lacking}`);
  }
  const unchecked = isChecked
    ? `NOT CHECKED, linearizability: ${goMissing}`
    : 'linearizability: not checked, as requested';
  console.log(
    linearizability
      ? `linearizability: ${linearizability.customers} customers, ${linearizability.calls} calls checked`
      : unchecked,
  );
  for (const line of describe(findings)) console.log(line);
  console.log(findings.length === 0 ? `nothing found (seed ${seed})` : `${findings.length} findings (seed ${seed})`);
  return findings.length > 0 || (isChecked && linearizability === undefined) ? 1 : 0;
}

const cache = () => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'accounts-orders', 'chaos');

/** @param {ReturnType<typeof parse>} values */
function optionsOf(values) {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  process.once('SIGTERM', () => interruption.abort());
  const began = performance.now();
  const seed = whole('seed', values.seed) ?? Math.floor(Date.now() / 1_000);
  const minutes = whole('minutes', values.minutes) ?? DEFAULT_MINUTES;
  return {
    seed,
    seconds: whole('seconds', values.seconds) ?? minutes * 60,
    clients: whole('clients', values.clients) ?? 32,
    name: values.name ?? 'chaos',
    kafkaClient: values['kafka-client'],
    folder: join(cache(), new Date().toISOString().replaceAll(':', '')),
    faults: chosen(values.faults).filter(({ missing }) => missing?.() === undefined),
    interrupted: interruption.signal,
    say: (/** @type {string} */ line) =>
      console.error(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`),
  };
}

/** @param {string | undefined} names */
function chosen(names) {
  if (names === undefined) return faults;
  return names.split(',').map((name) => {
    const fault = faults.find((each) => each.name === name);
    if (!fault) throw new WrongUsage(`There is no fault "${name}"; --list names them.`);
    return fault;
  });
}

/** @param {string} name @param {string | undefined} value */
function whole(name, value) {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new WrongUsage(`--${name} is a whole number, not "${value}".`);
  return number;
}

/** @param {string[]} args */
function parse(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  const boolean = /** @type {const} */ ({ type: 'boolean' });
  const options = {
    ...{ minutes: string, seconds: string, seed: string, faults: string, clients: string, name: string },
    'kafka-client': string,
    ...{ 'without-linearizability': boolean, list: boolean, help: boolean },
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new WrongUsage(/** @type {Error} */ (error).message);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof WrongUsage)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
