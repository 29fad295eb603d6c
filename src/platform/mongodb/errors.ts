import type { WriteError } from 'mongodb';
import { isUnavailable, notStorable, unavailable } from '../tools/errors.js';
import { withTimeout } from '../tools/timeout.js';

/** Milliseconds within which a caller who waits is answered, if only that the store is unavailable. */
export const CALLER_TIMEOUT_MS = 4_500;
/** Milliseconds for what nobody waits for, which may be a large batch on a slow server. */
export const BATCH_TIMEOUT_MS = 30_000;

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
/** BadValue, FailedToParse, TypeMismatch, Overflow (nested too deeply), names with dots and dollars, too large. */
const NEVER = new Set([2, 9, 14, 15, 52, 57, 10_334, 17_419, 17_420]);

/** True for a write refused because a document with that key exists. */
export function isDuplicateKey(error: unknown): boolean {
  return hasCode(error, DUPLICATE_KEY);
}

/**
 * What the server refused of a bulk write, as one error to throw: without the driver's, which quotes what was written.
 * The platform's `not-storable` where that is why.
 */
export function refusal(failures: Iterable<WriteError>): Error {
  const codes = [...new Set(Array.from(failures, ({ code }) => code))];
  const never = codes.find((code) => NEVER.has(code));
  if (never !== undefined) return neverTaken(never);
  const message = `MongoDB refused to write: code ${codes.join(', ')}`;
  // By its name it is known for an error of MongoDB.
  return Object.assign(new Error(message), { name: 'MongoRefusal' });
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
    const failure = isRefusedInPart(error) ? error : asNotStorable(error);
    throw isNotAnswering(failure) ? unavailable('MongoDB does not answer', failure) : failure;
  }
}

/**
 * Runs a database call, or several. A server that hangs keeps its connections, and no option of the driver ends a call.
 * @throws PlatformError `unavailable` when it takes longer; a write may be done then, or still be done.
 */
export async function inTime<T>(timeoutMs: number, call: () => Promise<T>): Promise<T> {
  try {
    return await withTimeout(timeoutMs, call());
  } catch (error) {
    throw (error as Error).name === 'TimeoutError' ? unavailable('MongoDB does not answer in time', error) : error;
  }
}

/**
 * True for what {@link orUnavailable} made of an answer that got lost, or of a server that had to give up its role: not
 * where no server could be found, which has been waited for.
 */
export function isWorthAnotherTry(error: unknown): boolean {
  return isUnavailable(error) && ((error as Error).cause as Error).name !== 'MongoServerSelectionError';
}

/**
 * The platform's `not-storable` for a bulk write that MongoDB, or its driver, refuses because of what is written; any
 * other error as it is.
 */
export function asNotStorable(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  // The whole of it has a code of its own where the server could not even parse it.
  const refusals = 'writeErrors' in error ? [error, ...[error.writeErrors].flat()] : [];
  const code = refusals.map((each) => Number((each as { code?: unknown }).code)).find((each) => NEVER.has(each));
  if (code !== undefined) return neverTaken(code);
  const { name = '', message = '' } = error as Partial<Error>;
  const isUnserializable =
    name === 'RangeError' ||
    name.startsWith('BSON') ||
    (name === 'MongoInvalidArgumentError' && message.startsWith('Document is larger'));
  return isUnserializable ? notStorable(`no document can be made of it: ${name}`) : error;
}

function neverTaken(code: number): Error {
  return notStorable(`MongoDB never takes such a document: code ${code}`);
}

/** True for a bulk write of which the server refused some and did the others: which, the caller has to look at. */
function isRefusedInPart(error: unknown): boolean {
  return error instanceof Error && 'writeErrors' in error && [error.writeErrors].flat().length > 0;
}

function hasCode(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function isNotAnswering(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (NOT_ANSWERING.test(error.name)) return true;
  // The driver wraps whatever keeps a bulk write from its answer; what the server refused is in `writeErrors`.
  if ('writeErrors' in error) return !isRefusedInPart(error);
  if ('code' in error && (NOT_NOW.has(Number(error.code)) || SOCKET.test(String(error.code)))) return true;
  const labels = 'errorLabelSet' in error && error.errorLabelSet instanceof Set ? error.errorLabelSet : new Set();
  return labels.has('RetryableWriteError') || labels.has('ResetPool');
}
