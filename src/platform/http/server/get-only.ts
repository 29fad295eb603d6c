import type { Express, RequestHandler } from 'express';
import { sendMethodNotAllowed } from '../resources/problem.js';

/** Serves GET and HEAD at a path; responds 405 to other methods. */
export function getOnly(app: Express, path: string, answer: RequestHandler): void {
  app
    .route(path)
    .get(answer)
    .all((request, response) => sendMethodNotAllowed(request, response, ['GET', 'HEAD']));
}
