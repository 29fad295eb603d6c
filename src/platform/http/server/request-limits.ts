import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import { PlatformError } from '../../tools/errors.js';
import { sendProblem } from '../resources/problem.js';

/** Characters of the path and query; RFC 9110 recommends support for at least 8,000 octets. */
export const MAX_URL = 8 * 1024;
/** Number of header fields of a request. */
export const MAX_HEADERS = 100;

/** Requests that a client may send on a connection before the first of them is answered. */
export const MAX_PIPELINED = 16;

/**
 * Checks limits that the parser does not: 414 for a long URL, 431 for too many headers, 400 without a `Host` or
 * with several (RFC 9112), 429 for too many requests at a time on one connection.
 */
export function requestLimits(): RequestHandler {
  const onConnection = new WeakMap<Socket, number>();
  return (request, response, next) => {
    const { socket } = request;
    const waiting = (onConnection.get(socket) ?? 0) + 1;
    onConnection.set(socket, waiting);
    response.once('close', () => onConnection.set(socket, (onConnection.get(socket) ?? 1) - 1));
    if (waiting > 2 * MAX_PIPELINED) {
      // Responses are sent in order, so the refusals would pile up behind the first request.
      socket.destroy();
    } else if (waiting > MAX_PIPELINED) {
      response.setHeader('Connection', 'close');
      const detail = `more than ${MAX_PIPELINED} requests wait on this connection`;
      sendProblem(request, response, { code: 'too-many-requests', status: 429, detail });
    } else if (request.url.length > MAX_URL) {
      const detail = `the path and query are longer than ${MAX_URL} characters`;
      sendProblem(request, response, { code: 'url-too-long', status: 414, detail });
    } else if (request.rawHeaders.length > 2 * MAX_HEADERS) {
      const detail = `the request has more than ${MAX_HEADERS} headers`;
      sendProblem(request, response, { code: 'headers-too-large', status: 431, detail });
    } else if (request.headers.host === undefined && request.httpVersion === '1.1') {
      throw new PlatformError('malformed', 'malformed-request', 'the Host header is missing');
    } else if (hasSeveralHosts(request.rawHeaders)) {
      throw new PlatformError('malformed', 'malformed-request', 'the request has more than one Host header');
    } else {
      next();
    }
  };
}

/** Node.js keeps the first one, and a gateway may have followed another. @param rawHeaders names and values in turn */
function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}
