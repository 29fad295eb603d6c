import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import express, { type Express } from 'express';
import { refuseUnreadable } from './unreadable.js';

/** How much of the server a client may have; times in milliseconds. */
export interface ServerLimits {
  /** Bytes of a request's first line and headers together. */
  readonly headerBytes: number;
  /** For all headers of a request to arrive; also for the first byte on a new connection. */
  readonly headersTime: number;
  /** For the whole request to arrive. */
  readonly requestTime: number;
  /** Between two looks for requests that take too long. */
  readonly checkEvery: number;
  /** In which a connection stays open without a request. Longer than whoever is in front keeps his, or he may send into a closed one. */
  readonly keepAlive: number;
  /** In which a connection that waits for an answer may be silent; also until more of the answer is taken. */
  readonly silence: number;
}

const LIMITS: ServerLimits = {
  headerBytes: 16 * 1024,
  headersTime: 10_000,
  requestTime: 30_000,
  checkEvery: 1_000,
  keepAlive: 75_000,
  // More than a request may ask to wait (`Prefer`), and than a database takes to be given up.
  silence: 30_000,
};

/**
 * A server whose requests and answers are born with the app's prototypes. Express would else change those of each as it
 * comes, and V8 runs none of Node's own code fast on an object to which that was done: an empty request takes three
 * times as long then.
 */
export function createHttpServer(app: Express, limits: Partial<ServerLimits> = {}): Server {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  app.request = Object.defineProperties(AppRequest.prototype, membersOf(express.request, app.request)) as never;
  app.response = Object.defineProperties(AppResponse.prototype, membersOf(express.response, app.response)) as never;
  const { headerBytes, headersTime, requestTime, checkEvery, keepAlive, silence } = { ...LIMITS, ...limits };
  const options = {
    IncomingMessage: AppRequest,
    ServerResponse: AppResponse,
    maxHeaderSize: headerBytes,
    headersTimeout: headersTime,
    requestTimeout: requestTime,
    connectionsCheckingInterval: checkEvery,
    keepAliveTimeout: keepAlive,
    // The app refuses with a problem what Node would refuse without a word.
    requireHostHeader: false,
  };
  const server = createServer(options, app);
  server.setTimeout(silence);
  server.on('clientError', refuseUnreadable);
  // An expectation other than `100-continue` need not be met (RFC 9110).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return server;
}

function membersOf(every: object, ofApp: object): PropertyDescriptorMap {
  return { ...Object.getOwnPropertyDescriptors(every), ...Object.getOwnPropertyDescriptors(ofApp) };
}
