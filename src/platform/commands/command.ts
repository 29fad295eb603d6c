import type { ParseArgsConfig } from 'node:util';
import type { Context } from '../context/define-context.js';

/** The parsed flags of a command. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** One command of the command line. */
export interface Command {
  /** The text of `--help`: the first line is the syntax, the second a summary. */
  readonly usage: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /**
   * Resolves with the exit code.
   * @param positionals the arguments that are not flags
   * @throws UsageError for invalid arguments
   */
  run(flags: Flags, positionals: readonly string[]): Promise<number>;
}

/** The arguments are invalid; the message is one line. */
export class UsageError extends Error {
  /** The command's usage, once the command is known. */
  usage?: string;
}

/** A signal stopped the command; the message names the signal. */
export class Interrupted extends Error {}

/** `--module`, for a command that works on one bounded context. */
export const MODULE_OPTION = { module: { type: 'string' } } as const;

/** Returns the values that `--module` accepts, for usage texts. */
export function listModules(contexts: readonly Context[]): string {
  return contexts.map(({ name }) => name).join('|');
}

/** @throws UsageError when `--module` is missing or unknown */
export function findContext(contexts: readonly Context[], { module }: Flags): Context {
  const context = contexts.find(({ name }) => name === module);
  if (context) return context;
  const names = contexts.map(({ name }) => name).join(' or ');
  throw new UsageError(
    module === undefined
      ? `--module is required: ${names}`
      : `--module: unknown module '${String(module)}'; expected ${names}`,
  );
}

/** @throws UsageError when there are more positional arguments than the command takes */
export function refusePositionals(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals.join(' ')}'`);
}
