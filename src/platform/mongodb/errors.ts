import type { WriteError } from 'mongodb';
import { isUnavailable, notStorable, unavailable } from '../tools/errors.js';
import { withTimeout } from '../tools/timeout.js';

/** Timeout when a caller is waiting; after it the store counts as unavailable. */
export const CALLER_TIMEOUT_MS = 4_500;
/** Timeout of background work, which may be a large batch on a slow server. */
export const BATCH_TIMEOUT_MS = 30_000;

const DUPLICATE_KEY = 11_000;
/** Errors of the driver that mean that no answer came, whatever the command was. */
const NOT_ANSWERING =
  /^Mongo(Network|ServerSelection|NotConnected|Pool|ConnectionPool|WaitQueue|OperationTimeout|ServerClosed|TopologyClosed|ClientClosed|WriteConcern|Expired)|^PoolCleared/;
/** A write to a connection that the server has just closed can fail with a bare socket error. */
const SOCKET = /^(EPIPE|ECONN|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|ERR_STREAM)/;
/**
 * Errors of a server that stops, starts or changes its role. The retryable-reads specification has drivers retry after
 * them; this driver retries once.
 */
const RETRYABLE = new Set([6, 7, 89, 91, 134, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436]);
/** BadValue, FailedToParse, TypeMismatch, Overflow (nested too deeply), names with dots and dollars, too large. */
const NOT_STORABLE = new Set([2, 9, 14, 15, 52, 57, 10_334, 17_419, 17_420]);

/** True for a write refused because a document with that key exists. */
export function isDuplicateKey(error: unknown): boolean {
  return hasCode(error, DUPLICATE_KEY);
}

/**
 * Combines the refused operations of a bulk write into one error. It omits the driver's messages, which quote the
 * written data. Returns the platform's `not-storable` when the data is the reason.
 */
export function refusal(failures: Iterable<WriteError>): Error {
  const codes = [...new Set(Array.from(failures, ({ code }) => code))];
  const notStorableAs = codes.find((code) => NOT_STORABLE.has(code));
  if (notStorableAs !== undefined) return cannotStore(notStorableAs);
  const message = `MongoDB rejected the write with code ${codes.join(', ')}`;
  // The name marks it as an error of MongoDB.
  return Object.assign(new Error(message), { name: 'MongoRefusal' });
}

/** Runs a database call. Returns true when it succeeds, and false when it fails with this code. */
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
 * Runs a database call. When the server does not answer, throws the platform's `unavailable`; other errors pass
 * through. Checks names and labels of errors, not classes, so that a process without MongoDB need not load the driver.
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
 * Runs one or more database calls with a timeout. It is needed because a stalled server keeps its connections, and no
 * option of the driver ends such a call.
 * @throws PlatformError `unavailable` after the timeout; a write may have been applied, or may still be applied
 */
export async function orUnavailableAfter<T>(timeoutMs: number, call: () => Promise<T>): Promise<T> {
  try {
    return await withTimeout(timeoutMs, call());
  } catch (error) {
    throw (error as Error).name === 'TimeoutError' ? unavailable('MongoDB does not answer in time', error) : error;
  }
}

/**
 * True for the `unavailable` of a lost answer or of a server that changed its role. False when no server was found,
 * because the driver has waited for one already.
 */
export function isRetryable(error: unknown): boolean {
  return isUnavailable(error) && ((error as Error).cause as Error).name !== 'MongoServerSelectionError';
}

/**
 * Returns the platform's `not-storable` when MongoDB or its driver rejected the data of a bulk write; returns any other
 * error unchanged.
 */
export function asNotStorable(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  // The error has a code of its own when the server could not parse the command at all.
  const refusals = 'writeErrors' in error ? [error, ...[error.writeErrors].flat()] : [];
  const code = refusals.map((each) => Number((each as { code?: unknown }).code)).find((each) => NOT_STORABLE.has(each));
  if (code !== undefined) return cannotStore(code);
  const { name = '', message = '' } = error as Partial<Error>;
  const isUnserializable =
    name === 'RangeError' ||
    name.startsWith('BSON') ||
    (name === 'MongoInvalidArgumentError' && message.startsWith('Document is larger'));
  return isUnserializable ? notStorable(`the state cannot be serialized as a MongoDB document: ${name}`) : error;
}

function cannotStore(code: number): Error {
  return notStorable(`MongoDB cannot store such a document: code ${code}`);
}

/** True for a bulk write that was applied in part. The caller has to check which operations were refused. */
function isRefusedInPart(error: unknown): boolean {
  return error instanceof Error && 'writeErrors' in error && [error.writeErrors].flat().length > 0;
}

function hasCode(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function isNotAnswering(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (NOT_ANSWERING.test(error.name)) return true;
  // The driver wraps every failure of a bulk write. Only `writeErrors` has operations that the server refused.
  if ('writeErrors' in error) return !isRefusedInPart(error);
  if ('code' in error && (RETRYABLE.has(Number(error.code)) || SOCKET.test(String(error.code)))) return true;
  const labels = 'errorLabelSet' in error && error.errorLabelSet instanceof Set ? error.errorLabelSet : new Set();
  return labels.has('RetryableWriteError') || labels.has('ResetPool');
}
