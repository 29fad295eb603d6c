import { parseArgs } from 'node:util';
import type { Context } from '../context/define-context.js';
import { ConfigError } from '../operating/config/config.js';
import { nearestName } from '../operating/config/misspelt.js';
import { readBuildInfo } from '../process/build-info.js';
import { isCodedError } from '../tools/errors.js';
import { type Command, Interrupted, UsageError } from './command.js';

/** Each command is imported on use, so that none waits for the dependencies of another. */
const COMMANDS: Readonly<Record<string, () => Promise<(contexts: readonly Context[]) => Command>>> = {
  serve: async () => (await import('./serve.js')).serve,
  replay: async () => (await import('./replay.js')).replay,
  verify: async () => (await import('./verify.js')).verify,
  republish: async () => (await import('./republish.js')).republish,
  dlt: async () => (await import('./dlt.js')).dlt,
  outbox: async () => (await import('./outbox.js')).outbox,
  topics: async () => (await import('./topics.js')).topics,
  events: async () => (await import('./events.js')).events,
  erasures: async () => (await import('./erasures.js')).erasures,
  keys: async () => (await import('./keys.js')).keys,
  schemas: async () => (await import('./schemas.js')).schemas,
  config: async () => (await import('./config.js')).config,
};

/**
 * Runs a command for these contexts (default: `serve`). Returns the exit code: 1 after a failure, 2 for invalid
 * arguments. Errors are printed to standard error.
 */
export async function runCommandLine(contexts: readonly Context[], args: readonly string[]): Promise<number> {
  try {
    return await runCommand(contexts, args);
  } catch (error) {
    const { message, stack } = error as Error;
    console.error(isExpected(error) ? message : stack);
    if (!(error instanceof UsageError)) return 1;
    console.error(`\n${error.usage ?? (await describeAll(contexts))}`);
    return 2;
  }
}

async function runCommand(contexts: readonly Context[], [first, ...more]: readonly string[]): Promise<number> {
  const isNamed = first !== undefined && !first.startsWith('-');
  const [name, args] = isNamed ? [first, more] : ['serve', first === undefined ? [] : [first, ...more]];
  if (!isNamed && (args[0] === '--help' || args[0] === '-h')) {
    console.log(await describeAll(contexts));
    return 0;
  }
  if (!isNamed && args[0] === '--version') {
    console.log(readBuildInfo().version);
    return 0;
  }
  const command = (await COMMANDS[name]?.())?.(contexts);
  if (!command) throw new UsageError(`unknown command '${name}'${suggest(name, Object.keys(COMMANDS))}`);
  try {
    const { values, positionals } = parse(name, command, args);
    if (!values.help) return await command.run(values as never, positionals);
    console.log(describeUsage(command));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) error.usage = describeUsage(command);
    throw error;
  }
}

function parse(name: string, command: Command, args: readonly string[]) {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const [message = ''] = (error as Error).message.split('\n');
    const [, flag] = /^Unknown option '(-[^']*)'/.exec(message) ?? [];
    if (flag === undefined) throw new UsageError(message);
    const flags = Object.keys(options).map((option) => `--${option}`);
    throw new UsageError(`${name}: unknown flag '${flag}'${suggest(flag, flags)}`);
  }
}

function suggest(word: string, names: readonly string[]): string {
  const nearest = nearestName(word, names, 5);
  return nearest === undefined ? '' : `; did you mean '${nearest}'?`;
}

function describeUsage(command: Command): string {
  return `Usage: node dist/main.js ${command.usage}`;
}

async function describeAll(contexts: readonly Context[]): Promise<string> {
  const commands: Command[] = [];
  for (const load of Object.values(COMMANDS)) commands.push((await load())(contexts));
  return `Usage: node dist/main.js [command] [flags]

${commands.map((command) => command.usage.split('\n').slice(0, 2).join('\n')).join('\n\n')}

Every command takes --help (-h). The default command is serve. --version prints the version.
Settings come from environment variables and from the files in config/: see docs/configuration.md.`;
}

/** True for errors that the caller can fix, which need no stack trace. */
function isExpected(error: unknown): boolean {
  if (error instanceof ConfigError || error instanceof UsageError || error instanceof Interrupted) return true;
  return (
    isCodedError(error) ||
    (error instanceof Error && (/^[A-Z_]+: /.test(error.message) || error.name.startsWith('KafkaJS')))
  );
}
