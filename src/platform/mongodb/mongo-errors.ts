import type { WriteError } from 'mongodb';
import { unavailable } from '../errors.js';

const DUPLICATE_KEY = 11_000;
/** The driver's errors that say nothing of what was asked, only that no answer came. */
const NOT_ANSWERING =
  /^Mongo(Network|ServerSelection|NotConnected|Pool|ConnectionPool|WaitQueue|OperationTimeout|ServerClosed|TopologyClosed|ClientClosed|WriteConcern|Expired)|^PoolCleared/;
/** A write to a connection that the server has just left can fail in the socket, past the driver's own wrapping. */
const SOCKET = /^(EPIPE|ECONN|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|ERR_STREAM)/;
/**
 * The server's answers while it stops, starts or changes its role, after which the retryable-reads specification has
 * drivers try again; the driver does so once.
 */
const NOT_NOW = new Set([6, 7, 89, 91, 134, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** True for a write refused because a document with that key exists. */
export function isDuplicateKey(error: unknown): boolean {
  return hasCode(error, DUPLICATE_KEY);
}

/** What the server refused of a bulk write, as one error to throw: without the driver's, which quotes what was written. */
export function refusal(failures: Iterable<WriteError>): Error {
  const codes = new Set(Array.from(failures, ({ code }) => code));
  return new Error(`MongoDB refused to write: code ${[...codes].join(', ')}`);
}

/** Runs a database call; false when the server answers with this code, true when the call succeeds. */
export async function succeedsUnless(code: number, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (hasCode(error, code)) return false;
    throw error;
  }
}

/**
 * Runs a database call; a server that does not answer becomes the platform's `unavailable`, any other error stays what
 * it is. Goes by the error's name and labels, so that a process without MongoDB need not load the driver.
 */
export async function orUnavailable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isNotAnswering(error) ? unavailable('MongoDB does not answer', error) : error;
  }
}

function hasCode(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function isNotAnswering(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (NOT_ANSWERING.test(error.name)) return true;
  // The driver wraps whatever keeps a bulk write from its answer; what the server refused is in `writeErrors`.
  if ('writeErrors' in error) return [error.writeErrors].flat().length === 0;
  if ('code' in error && (NOT_NOW.has(Number(error.code)) || SOCKET.test(String(error.code)))) return true;
  const labels = 'errorLabelSet' in error && error.errorLabelSet instanceof Set ? error.errorLabelSet : new Set();
  return labels.has('RetryableWriteError') || labels.has('ResetPool');
}
