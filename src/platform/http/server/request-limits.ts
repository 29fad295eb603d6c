import type { RequestHandler } from 'express';
import { PlatformError } from '../../tools/errors.js';
import { sendProblem } from '../resources/problem.js';

/** Characters of the path and query; RFC 9110 recommends support for at least 8,000 octets. */
export const MAX_URL = 8 * 1024;
/** Number of header fields of a request. */
export const MAX_HEADERS = 100;

/** Checks limits that the parser does not: 414 for a long URL, 431 for too many headers, 400 without a `Host`. */
export function requestLimits(): RequestHandler {
  return (request, response, next) => {
    if (request.url.length > MAX_URL) {
      const detail = `the path and query are longer than ${MAX_URL} characters`;
      sendProblem(request, response, { code: 'url-too-long', status: 414, detail });
    } else if (request.rawHeaders.length > 2 * MAX_HEADERS) {
      const detail = `the request has more than ${MAX_HEADERS} headers`;
      sendProblem(request, response, { code: 'headers-too-large', status: 431, detail });
    } else if (request.headers.host === undefined && request.httpVersion === '1.1') {
      throw new PlatformError('malformed', 'malformed-request', 'the Host header is missing');
    } else {
      next();
    }
  };
}
