import type { Express, RequestHandler } from 'express';
import { sendMethodNotAllowed } from '../resources/problem.js';

/** Serves GET and HEAD at a path, and refuses other methods with 405. */
export function getOnly(app: Express, path: string, answer: RequestHandler): void {
  app
    .route(path)
    .get(answer)
    .all((request, response) => sendMethodNotAllowed(request, response, ['GET', 'HEAD']));
}
