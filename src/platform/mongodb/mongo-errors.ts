import { unavailable } from '../errors.js';

const DUPLICATE_KEY = 11_000;
const NOT_ANSWERING =
  /^Mongo(Network|ServerSelection|NotConnected|PoolC|ConnectionPool|TopologyClosed|WriteConcern|Expired)/;

/** True for a write refused because a document with that key exists. */
export function isDuplicateKey(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === DUPLICATE_KEY;
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

function isNotAnswering(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (NOT_ANSWERING.test(error.name)) return true;
  // The driver wraps whatever keeps a bulk write from its answer; what the server refused is in `writeErrors`.
  if ('writeErrors' in error) return [error.writeErrors].flat().length === 0;
  const labels = 'errorLabelSet' in error && error.errorLabelSet instanceof Set ? error.errorLabelSet : new Set();
  return labels.has('RetryableWriteError') || labels.has('ResetPool');
}
