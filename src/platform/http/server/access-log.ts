import type { Logger } from 'pino';
import type { OnAnswered } from './measuring.js';

/**
 * Logs the first of every so many answered requests: enough to see what goes on, and little enough not to cost anything.
 * Metrics count them all, and what fails unforeseen is logged by itself.
 * @param oneOf 1 logs every request, 0 none
 */
export function accessLog(logger: Logger, oneOf: number): OnAnswered {
  let answered = 0;
  return ({ method, route, status, seconds }, context) => {
    if (oneOf === 0 || answered++ % oneOf > 0) return;
    const ids = context && { requestId: context.requestId, traceId: context.traceparent.split('-')[1] };
    logger.info({ ...ids, method, route, status, ms: Math.round(seconds * 1000) }, 'answered');
  };
}
