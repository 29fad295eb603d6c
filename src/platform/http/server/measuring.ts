import type { RequestHandler } from 'express';
import type { AnsweredRequest } from '../../operating/metrics.js';
import { requestContext, type RequestContext } from '../../tools/request-context.js';

/** Told of every request when its answer has ended, or its client has gone. */
export type OnAnswered = (answered: AnsweredRequest, context: RequestContext | undefined) => void;

/** Measures every request from its first byte to the end of its answer. */
export function measuring(onAnswered: OnAnswered): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    const context = requestContext();
    response.once('close', () => {
      const { route = 'other' } = response.locals as { route?: string };
      const seconds = (performance.now() - began) / 1000;
      onAnswered({ method: request.method, route, status: response.statusCode, seconds }, context);
    });
    next();
  };
}
