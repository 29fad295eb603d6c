import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import { refuseUnreadable } from './unreadable.js';

/** Limits for each client connection; times in milliseconds. */
export interface ServerLimits {
  /** Maximum bytes of the request line and the headers together. */
  readonly headerBytes: number;
  /** Time for all headers of a request to arrive, and for the first byte on a new connection. */
  readonly headersTimeoutMs: number;
  /** Time for the whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** Interval between two checks of the timeouts. */
  readonly checkIntervalMs: number;
  /** Idle keep-alive timeout. Must exceed the load balancer's, or it may reuse a connection we have just closed. */
  readonly keepAlive: number;
  /** Time without traffic on a connection during a request: while we compute, or while the client does not read. */
  readonly socketTimeoutMs: number;
}

const LIMITS: ServerLimits = {
  headerBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkIntervalMs: 1_000,
  keepAlive: 75_000,
  // Longer than a request may wait (`Prefer`), and longer than the timeout of the database.
  socketTimeoutMs: 30_000,
};

/**
 * Returns a server that creates requests and responses with the app's prototypes. Otherwise Express changes the
 * prototype of each one, and V8 does not optimize Node's own code for such objects: an empty request takes three times
 * as long.
 */
export function createHttpServer(app: Express, limits: Partial<ServerLimits> = {}): Server {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  app.request = Object.defineProperties(AppRequest.prototype, membersOf(express.request, app.request)) as never;
  app.response = Object.defineProperties(AppResponse.prototype, membersOf(express.response, app.response)) as never;
  const { headerBytes, headersTimeoutMs, requestTimeoutMs, checkIntervalMs, keepAlive, socketTimeoutMs } = {
    ...LIMITS,
    ...limits,
  };
  const options = {
    IncomingMessage: AppRequest,
    ServerResponse: AppResponse,
    maxHeaderSize: headerBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: checkIntervalMs,
    keepAliveTimeout: keepAlive,
    // The app responds with a problem; Node would respond without a body.
    requireHostHeader: false,
  };
  const server = createServer(options, app);
  server.setTimeout(socketTimeoutMs);
  server.on('clientError', refuseUnreadable);
  // A server may ignore an expectation other than `100-continue` (RFC 9110).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return server;
}

function membersOf(expressMembers: object, appMembers: object): PropertyDescriptorMap {
  return { ...Object.getOwnPropertyDescriptors(expressMembers), ...Object.getOwnPropertyDescriptors(appMembers) };
}
