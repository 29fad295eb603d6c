import type { RequestHandler } from 'express';
import { PlatformError } from '../../tools/errors.js';

/**
 * Responds 503 until the process knows the erasures in the log: its database may have been restored from a backup that
 * has erased persons. Only a POST that creates something, without an idempotency key, needs nothing that is stored. Use
 * it where the route is known.
 */
export function erasuresFirst(areKnown: () => boolean): RequestHandler {
  return ({ method, headers }, response, next) => {
    const isItem = String(response.locals.route).includes('{');
    const isCreation = method === 'POST' && !isItem && headers['idempotency-key'] === undefined;
    if (!areKnown() && !isCreation) {
      throw new PlatformError(
        'unavailable',
        'erasures-unknown',
        'the log has not been searched yet for erasures that the database may not know',
      );
    }
    next();
  };
}
