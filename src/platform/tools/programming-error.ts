import { causesOf, whyNoConnection } from './connection-failure.js';
import { ErrorWithoutValues, isCodedError, isUnavailable } from './errors.js';

/** Names of the drivers' errors, and of aborts and timeouts. */
const DRIVERS = /^(Mongo|KafkaJS|PoolCleared|BSON|AbortError|TimeoutError)/;
/** Error codes of the operating system, of sockets, and of the embedded store. */
const SYSTEM = /^(E(?!RR_)|ERR_(STREAM|SOCKET|SSL|TLS)|LEVEL_)/;
const MAX_FRAMES = 12;

/**
 * Returns true for an error that no dependency caused: the same code would most likely throw it again on the same
 * record. Errors of drivers and of the operating system never count, expected or not, because they may be temporary.
 */
export function isProgrammingError(error: unknown): boolean {
  const causes = causesOf(error);
  return !causes.some(
    (cause) =>
      isUnavailable(cause) ||
      DRIVERS.test(cause.name) ||
      SYSTEM.test(String(cause.code)) ||
      whyNoConnection([cause.code]) !== undefined,
  );
}

/** Returns the class of an error, and its code if it has one: nothing that could quote a record. */
export function classOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return isCodedError(error) ? `${error.constructor.name} (${error.code})` : error.constructor.name;
}

/**
 * Returns the stack frames of an error, innermost first (`file:line`), without the message, which may quote a record.
 */
export function framesOf(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  const { stack, message } = error;
  const frames = stack.slice(Math.max(0, stack.indexOf(message)) + message.length);
  return [...frames.matchAll(/^ {4}at (?:.* \()?((?:file:|node:|\/|[A-Z]:\\).*?):(\d+):\d+\)?$/gm)]
    .slice(0, MAX_FRAMES)
    .map(([, file = '', line = '']) => `${withinProject(file)}:${line}`);
}

/** Returns an error for a log line; of a programming error, nothing that could quote a record. */
export function loggable(error: unknown): { err: unknown } | { error: string; stack: readonly string[] } {
  if (error instanceof ErrorWithoutValues) return { err: error };
  return isProgrammingError(error) ? { error: classOf(error), stack: framesOf(error) } : { err: error };
}

/** Returns the reason why a record could not be handled, in one line without its values. */
export function reasonFor(error: unknown): string {
  const [place] = framesOf(error);
  if (isProgrammingError(error))
    return `programming error: ${classOf(error)}${place === undefined ? '' : ` at ${place}`}`;
  return isCodedError(error) ? error.message : classOf(error);
}

function withinProject(file: string): string {
  return /[\\/]((?:dist|src|test|node_modules)[\\/].*)$/.exec(file)?.[1] ?? file.replace(/^file:\/\//, '');
}
