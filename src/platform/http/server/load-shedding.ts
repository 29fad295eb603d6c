import type { RequestHandler } from 'express';
import { unavailable } from '../../tools/errors.js';

/** Assumed memory of a request without its body. */
const BYTES_PER_REQUEST = 16 * 1024;

/**
 * Responds 503 to requests beyond a memory limit: memory stays bounded, and accepted requests are served in time.
 * @param maxBytes of all concurrent requests; each one counts 16 KiB plus its body
 * @param bodyLimit bytes that a body of unknown length counts
 */
export function loadShedding(maxBytes: number, bodyLimit: number): RequestHandler {
  let bytesInFlight = 0;
  return ({ headers }, response, next) => {
    const body = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : bodyLimit;
    const bytes = BYTES_PER_REQUEST + Math.min(body, bodyLimit);
    if (bytesInFlight + bytes > maxBytes) throw unavailable('too many concurrent requests');
    bytesInFlight += bytes;
    response.once('close', () => (bytesInFlight -= bytes));
    next();
  };
}
