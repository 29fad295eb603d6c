import type { RequestHandler } from 'express';
import { unavailable } from '../../tools/errors.js';

/** Bytes that a request is held to take besides its body. */
const EACH = 16 * 1024;

/**
 * Refuses, as unavailable, the requests that would be more than the process can hold at once, so that its memory stays
 * bounded, and those that it has taken are answered in time.
 * @param maxBytes of all requests that are being answered; each counts with its body, and 16 KiB
 * @param bodyLimit bytes that a body counts with whose length is not told
 */
export function loadShedding(maxBytes: number, bodyLimit: number): RequestHandler {
  let held = 0;
  return ({ headers }, response, next) => {
    const body = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : bodyLimit;
    const bytes = EACH + Math.min(body, bodyLimit);
    if (held + bytes > maxBytes) throw unavailable('too many requests at once');
    held += bytes;
    response.once('close', () => (held -= bytes));
    next();
  };
}
