import type { RequestHandler } from 'express';
import type { Metrics } from '../metrics/metrics.js';

/** Measures every request from its first byte to the end of its answer. */
export function measuring(metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const began = process.hrtime.bigint();
    response.once('close', () => {
      const { route = 'other' } = response.locals as { route?: string };
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      metrics.observe({ method: request.method, route, status: response.statusCode, seconds });
    });
    next();
  };
}
