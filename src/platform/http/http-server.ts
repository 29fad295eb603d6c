import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import express, { type Express } from 'express';

/**
 * A server whose requests and answers are born with the app's prototypes. Express would else change those of each as it
 * comes, and V8 runs none of Node's own code fast on an object to which that was done: an empty request takes three
 * times as long then.
 */
export function createHttpServer(app: Express): Server {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  app.request = Object.defineProperties(AppRequest.prototype, membersOf(express.request, app.request)) as never;
  app.response = Object.defineProperties(AppResponse.prototype, membersOf(express.response, app.response)) as never;
  return createServer({ IncomingMessage: AppRequest, ServerResponse: AppResponse }, app);
}

function membersOf(every: object, ofApp: object): PropertyDescriptorMap {
  return { ...Object.getOwnPropertyDescriptors(every), ...Object.getOwnPropertyDescriptors(ofApp) };
}
