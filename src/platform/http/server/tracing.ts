import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { randomBytes } from '../../tools/random.js';
import { withRequestContext } from '../../tools/request-context.js';
import { idHasCardNumber } from '../resources/card-numbers.js';

/** W3C Trace Context, with the flags that it defines: sampled, and random trace id (level 2). */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(0[0-3])$/;
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;

/**
 * Continues or starts a W3C trace, echoes or creates `X-Request-Id`, and puts both into the request context. A gateway
 * gives each request an id of its own, and passes a client's on as `X-Client-Request-Id`. Ids get into logs and events,
 * so an id that may contain a card number is not used.
 */
export function tracing(): RequestHandler {
  return (request, response, next) => {
    const [, sentTrace, sentFlags] = TRACEPARENT.exec(request.get('traceparent') ?? '') ?? [];
    const isUsed = sentTrace !== undefined && !idHasCardNumber(sentTrace);
    const [traceId, flags] = isUsed ? [sentTrace, sentFlags] : [randomBytes(16).toString('hex'), '01'];
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`;
    const requestId = idIn(request.get('x-request-id')) ?? randomUUID();
    const clientRequestId = idIn(request.get('x-client-request-id'));
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('traceparent', traceparent);
    withRequestContext({ requestId, ...(clientRequestId !== undefined && { clientRequestId }), traceparent }, next);
  };
}

function idIn(header: string | undefined): string | undefined {
  return header !== undefined && REQUEST_ID.test(header) && !idHasCardNumber(header) ? header : undefined;
}
