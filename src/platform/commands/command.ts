import type { ParseArgsConfig } from 'node:util';
import type { Context } from '../context/define-context.js';

/** The flags of a command, as they were given. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** One command of the command line. */
export interface Command {
  /** What it does and how it is called, as `--help` prints it; the first line is the call itself. */
  readonly usage: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /**
   * Carries it out and answers the exit code.
   * @param words what stands beside the flags
   * @throws UsageError when it was called wrongly
   */
  run(flags: Flags, words: readonly string[]): Promise<number>;
}

/** The command line does not make sense; the message is one line. */
export class UsageError extends Error {
  /** How to call it, where the command is known. */
  usage?: string;
}

/** The command was told to stop; the message says by what. */
export class Interrupted extends Error {}

/** `--module`, for a command that is for one bounded context. */
export const MODULE_OPTION = { module: { type: 'string' } } as const;

/** The names that `--module` takes, as a command's usage lists them. */
export function namesOf(contexts: readonly Context[]): string {
  return contexts.map(({ name }) => name).join('|');
}

/** @throws UsageError when `--module` is missing or names no context */
export function contextOf(contexts: readonly Context[], { module }: Flags): Context {
  const context = contexts.find(({ name }) => name === module);
  if (context) return context;
  const names = contexts.map(({ name }) => name).join(' or ');
  throw new UsageError(
    module === undefined
      ? `--module is missing: ${names}`
      : `--module: there is no module '${String(module)}' (${names})`,
  );
}

/** @throws UsageError when there are more words than a command takes. */
export function refuseWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`'${words.join(' ')}' means nothing here`);
}
