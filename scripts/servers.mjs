import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  continueServer,
  killServer,
  kinds,
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
  pauseServer,
  PrerequisiteMissing,
  restartServer,
  serversStatus,
  startServers,
  stopServers,
};

const help = `A real Kafka and a real MongoDB replica set on this machine, without Docker.

  npm run servers -- start    start what does not run and wait until all can be used; safe to repeat
  npm run servers -- stop     stop all and keep their data
  npm run servers -- status   what runs; exit code 0 if all of it answers

  --name NAME         an instance of its own, with its own data and ports (default: dev)
  --brokers N         with the first start: as many brokers, each of them a controller too (default: 1)
  --members N         with the first start: as many members of the replica set (default: 1)
  --kafka-port N      the port to prefer (dev: 9092, others: any free one), of the first broker
  --mongo-port N      the port to prefer (dev: 27017, others: any free one), of the first member
  --only KIND         kafka or mongodb alone
  --secure            with start, from the first one of an instance on: TLS, and only for those with the password
  --wipe              with stop: delete the data too

Of several, and of one, each has a name: kafka-1, kafka-2, ..., mongodb-1, mongodb-2, ...

  npm run servers -- kill NAME       end it as a crash does (SIGKILL); start, or restart, starts it again
  npm run servers -- stop NAME       let it stall: it keeps its connections and answers nothing (SIGSTOP)
  npm run servers -- continue NAME   let it go on (SIGCONT)
  npm run servers -- restart NAME    stop it in a controlled way, start it and wait until it can be used

Three brokers keep three replicas, two of which must be in sync; a member that is lost is noticed after 2 s, a broker
after 3 s. Three and three take 2.5 GB of memory.
To have the addresses in a shell: eval "$(npm run --silent servers -- start)"
Needs Java 17 or later; for the first download also Maven and Python 3 with pip.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the machine lacks something that the message names.
`;

/** Standard output is for the shell that evaluates it, so all that is for people goes here. @param {string} line */
const say = (line) => console.error(line);

/** What may be done to one server. */
const ofOne = { kill: killServer, stop: pauseServer, continue: continueServer, restart: restartServer };

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const { command, server, options } = parse(args);
  if (server !== undefined) {
    const act = Object.entries(ofOne).find(([name]) => name === command)?.[1];
    if (act === undefined) throw new WrongUsage(`"${command}" is not for one server; --help tells more.`);
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
      throw new WrongUsage(`Say which server to ${command}; status names them.`);
    default:
      throw new WrongUsage(
        `Say start, stop or status${command === undefined ? '' : `, not "${command}"`}; --help tells more.`,
      );
  }
}

/** @param {import('./servers/instance.mjs').Choice} options */
async function status(options) {
  const { servers, ...started } = await serversStatus(options);
  for (const { label, pid, port, paused, answers, data } of servers) {
    const state =
      pid === undefined
        ? 'does not run'
        : `${answers ? 'answers' : paused ? 'is paused' : 'does not answer'} on 127.0.0.1:${port} (pid ${pid})`;
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
  const [command, server, ...others] = values.help ? ['help'] : positionals;
  if (others.length > 0) throw new WrongUsage(`One server at a time: what is "${others.join(' ')}"?`);
  if (server !== undefined && values.wipe) throw new WrongUsage('--wipe is for all servers of an instance.');
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
