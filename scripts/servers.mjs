import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  continueServer,
  killServer,
  kinds,
  masterKeysOf,
  pauseServer,
  PrerequisiteMissing,
  restartServer,
  serversStatus,
  settingsFor,
  startServers,
  stopServers,
} from './servers/instance.mjs';

export { missingPrerequisite } from './servers/downloads.mjs';
export {
  continueServer,
  killServer,
  masterKeysOf,
  pauseServer,
  PrerequisiteMissing,
  restartServer,
  serversStatus,
  startServers,
  stopServers,
};

const help = `A real Kafka and a real MongoDB replica set on this machine, without Docker.

  npm run servers -- start    starts the servers that are not running, and waits until all are ready; safe to repeat
  npm run servers -- stop     stops all and keeps their data
  npm run servers -- status   shows the servers; exits 0 if all respond

  --name NAME         a separate instance, with its own data and ports (default: dev)
  --brokers N         at the first start: number of brokers, which are controllers, too (default: 1)
  --members N         at the first start: number of members of the replica set (default: 1)
  --kafka-port N      preferred port of the first broker (dev: 9092, others: any free port)
  --mongo-port N      preferred port of the first member (dev: 27017, others: any free port)
  --only KIND         only kafka, or only mongodb
  --secure            at the first start of an instance: require TLS and a password
  --wipe              with stop: also deletes the data

Servers are named kafka-1, kafka-2, ..., mongodb-1, mongodb-2, ...

  npm run servers -- kill NAME       kills it like a crash (SIGKILL); start or restart starts it again
  npm run servers -- stop NAME       suspends it (SIGSTOP): it keeps its connections but does not respond
  npm run servers -- continue NAME   resumes it (SIGCONT)
  npm run servers -- restart NAME    stops it gracefully, starts it and waits until it is ready

Topics on three brokers have three replicas, two of which must be in sync. The loss of a member is detected after 2 s, of
a broker after 3 s. Three brokers and three members need 2.5 GB of memory.
To set the addresses, and the file of master keys, in a shell: eval "$(npm run --silent servers -- start)"
Needs Java 17 or later; for the first download also Maven and Python 3 with pip.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a prerequisite is missing (see the message).
`;

/** Standard output is evaluated by the shell, so messages go to standard error. @param {string} line */
const say = (line) => console.error(line);

/** Actions on one server. */
const ofOne = { kill: killServer, stop: pauseServer, continue: continueServer, restart: restartServer };

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const { command, server, options } = parse(args);
  if (server !== undefined) {
    const act = Object.entries(ofOne).find(([name]) => name === command)?.[1];
    if (act === undefined) throw new WrongUsage(`"${command}" does not apply to one server; see --help.`);
    await act(server, { ...options, log: say });
    return 0;
  }
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
    case 'kill':
    case 'continue':
    case 'restart':
      throw new WrongUsage(`${command} needs the name of a server; status lists them.`);
    default:
      throw new WrongUsage(
        `${command === undefined ? 'no command' : `unknown command "${command}"`}: use start, stop or status; see --help.`,
      );
  }
}

/** @param {import('./servers/instance.mjs').Choice} options */
async function status(options) {
  const { servers, ...started } = await serversStatus(options);
  for (const { label, pid, port, paused, answers, data } of servers) {
    const state =
      pid === undefined
        ? 'is not running'
        : `${answers ? 'responds' : paused ? 'is suspended' : 'does not respond'} on 127.0.0.1:${port} (pid ${pid})`;
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
    const kind = kinds.find((each) => setting.startsWith(each.toUpperCase()));
    if (only === undefined || kind === undefined || only === kind) console.log(`export ${setting}=${value}`);
  }
}

class WrongUsage extends Error {}

/** @param {string[]} args */
function parse(args) {
  const { values, positionals } = parseStrictly(args);
  const only = kinds.find((kind) => kind === values.only);
  if (values.only !== undefined && only === undefined) throw new WrongUsage(`--only is ${kinds.join(' or ')}.`);
  const [command, server, ...others] = values.help ? ['help'] : positionals;
  if (others.length > 0) throw new WrongUsage(`only one server at a time; unexpected: "${others.join(' ')}"`);
  if (server !== undefined && values.wipe) throw new WrongUsage('--wipe applies to all servers of an instance.');
  const ports = { ...port('kafka', values['kafka-port']), ...port('mongodb', values['mongo-port']) };
  const counts = { brokers: count('brokers', values.brokers), members: count('members', values.members) };
  const options = { name: values.name, only, ports, ...counts, wipe: values.wipe, secure: values.secure };
  return { command, server, options };
}

/** @param {string[]} args */
function parseStrictly(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  const boolean = /** @type {const} */ ({ type: 'boolean' });
  const options = {
    name: string,
    brokers: string,
    members: string,
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

/** @param {string} option @param {string | undefined} value */
function count(option, value) {
  if (value !== undefined && !/^[1-7]$/.test(value)) throw new WrongUsage(`--${option} is a number from 1 to 7.`);
  return value === undefined ? undefined : Number(value);
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
