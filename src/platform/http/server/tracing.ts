import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { randomBytes } from '../../tools/random.js';
import { withRequestContext } from '../../tools/request-context.js';

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;

/** Continues or starts a W3C trace, echoes or creates `X-Request-Id`, and puts both into the request context. */
export function tracing(): RequestHandler {
  return (request, response, next) => {
    const [, traceId = randomBytes(16).toString('hex'), flags = '01'] =
      TRACEPARENT.exec(request.get('traceparent') ?? '') ?? [];
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`;
    const sent = request.get('x-request-id');
    const requestId = sent !== undefined && REQUEST_ID.test(sent) ? sent : randomUUID();
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('traceparent', traceparent);
    withRequestContext({ requestId, traceparent }, next);
  };
}
