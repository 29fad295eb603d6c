import type { Logger } from 'pino';
import { withRequestContext } from '../../tools/request-context.js';
import type { OnAnswered } from './measuring.js';

/**
 * Logs the first of every `oneOf` completed requests: a sample shows the traffic at almost no cost. Metrics count every
 * request, and unexpected errors are logged separately.
 * @param oneOf 1 logs every request, 0 none
 */
export function accessLog(logger: Logger, oneOf: number): OnAnswered {
  let answered = 0;
  return ({ method, route, status, seconds }, context) => {
    if (oneOf === 0 || answered++ % oneOf > 0) return;
    const log = () => logger.info({ method, route, status, ms: Math.round(seconds * 1000) }, 'answered');
    // The end of a response may belong to another request of the connection.
    if (context) withRequestContext(context, log);
    else log();
  };
}
