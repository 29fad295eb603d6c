import type { RequestHandler } from 'express';
import type { AnsweredRequest } from '../../operating/metrics/metrics.js';
import { requestContext, type RequestContext } from '../../tools/request-context.js';

/** Called for every request when its response has ended, or when its client has disconnected. */
export type OnAnswered = (answered: AnsweredRequest, context: RequestContext | undefined) => void;

/** Measures every request until the end of its response. */
export function measuring(onAnswered: OnAnswered): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const context = requestContext();
    response.once('close', () => {
      const { route = 'other' } = response.locals as { route?: string };
      const seconds = (performance.now() - startedAt) / 1000;
      onAnswered({ method: request.method, route, status: response.statusCode, seconds }, context);
    });
    next();
  };
}
