import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  kinds,
  PrerequisiteMissing,
  serversStatus,
  settingsFor,
  startServers,
  stopServers,
} from './servers/instance.mjs';

export { missingPrerequisite } from './servers/downloads.mjs';
export { PrerequisiteMissing, serversStatus, startServers, stopServers };

const help = `A real Kafka and a real MongoDB replica set on this machine, without Docker.

  npm run servers -- start    start both and wait until they can be used; safe to repeat
  npm run servers -- stop     stop both and keep their data
  npm run servers -- status   what runs; exit code 0 if all of it answers

  --name NAME         an instance of its own, with its own data and ports (default: dev)
  --kafka-port N      the port to prefer (dev: 9092, others: any free one)
  --mongo-port N      the port to prefer (dev: 27017, others: any free one)
  --only SERVER       kafka or mongodb alone
  --secure            with start, from the first one of an instance on: TLS, and only for those with the password
  --wipe              with stop: delete the data too

To have the addresses in a shell: eval "$(npm run --silent servers -- start)"
Needs Java 17 or later; for the first download also Maven and Python 3 with pip.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the machine lacks something that the message names.
`;

/** Standard output is for the shell that evaluates it, so all that is for people goes here. @param {string} line */
const say = (line) => console.error(line);

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const { command, options } = parse(args);
  switch (command) {
    case 'start':
      printExports(await startServers({ ...options, log: say }), options);
      return 0;
    case 'stop':
      await stopServers({ ...options, log: say });
      return 0;
    case 'status':
      return status(options);
    case 'help':
      process.stdout.write(help);
      return 0;
    default:
      throw new WrongUsage(
        `Say start, stop or status${command === undefined ? '' : `, not "${command}"`}; --help tells more.`,
      );
  }
}

/** @param {import('./servers/instance.mjs').Choice} options */
async function status(options) {
  const { servers, ...started } = await serversStatus(options);
  for (const { label, pid, port, answers, data } of servers) {
    const state =
      pid === undefined
        ? 'does not run'
        : `${answers ? 'answers' : 'does not answer'} on 127.0.0.1:${port} (pid ${pid})`;
    say(`${label} ${state}; data in ${data}`);
  }
  const allAnswer = servers.every(({ answers }) => answers);
  if (allAnswer) printExports(started, options);
  return allAnswer ? 0 : 1;
}

/**
 * @param {{ kafka?: string, mongodb?: string, secured: import('./servers/instance.mjs').Secured }} started
 * @param {import('./servers/instance.mjs').Choice} options
 */
function printExports({ kafka = '', mongodb = '', secured }, { name, only }) {
  for (const [setting, value] of Object.entries(settingsFor(name, { kafka, mongodb }, secured))) {
    const kind = setting.startsWith('KAFKA') ? 'kafka' : 'mongodb';
    if (only === undefined || only === kind) console.log(`export ${setting}=${value}`);
  }
}

class WrongUsage extends Error {}

/** @param {string[]} args */
function parse(args) {
  const { values, positionals } = parseStrictly(args);
  const only = kinds.find((kind) => kind === values.only);
  if (values.only !== undefined && only === undefined) throw new WrongUsage(`--only is ${kinds.join(' or ')}.`);
  const ports = { ...port('kafka', values['kafka-port']), ...port('mongodb', values['mongo-port']) };
  const command = values.help ? 'help' : positionals.length === 1 ? positionals[0] : undefined;
  return { command, options: { name: values.name, only, ports, wipe: values.wipe, secure: values.secure } };
}

/** @param {string[]} args */
function parseStrictly(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  const boolean = /** @type {const} */ ({ type: 'boolean' });
  const options = {
    name: string,
    'kafka-port': string,
    'mongo-port': string,
    only: string,
    wipe: boolean,
    secure: boolean,
    help: boolean,
  };
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new WrongUsage(/** @type {Error} */ (error).message);
  }
}

/** @param {'kafka' | 'mongodb'} kind @param {string | undefined} value */
function port(kind, value) {
  if (value === undefined) return {};
  const number = Number(value);
  if (!(Number.isInteger(number) && number > 0 && number < 65_536)) throw new WrongUsage(`"${value}" is not a port.`);
  return { [kind]: number };
}

/** @param {unknown} error */
function exitCode(error) {
  if (error instanceof PrerequisiteMissing) return 3;
  return error instanceof WrongUsage ? 2 : 1;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = exitCode(error);
  }
}
