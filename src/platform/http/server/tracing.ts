import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { withRequestContext } from '../../tools/request-context.js';
import { currentTracing } from '../../tools/spans.js';
import { formatTraceparent, nextTraceparent, parseTraceparent } from '../../tools/traceparent.js';
import { idHasCardNumber } from '../../tools/card-numbers.js';
import { startRequestSpan } from './request-span.js';

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/**
 * Continues or starts a W3C trace, echoes or creates `X-Request-Id`, and puts both into the request context. A gateway
 * gives each request an id of its own, and passes a client's on as `X-Client-Request-Id`. Ids get into logs and events,
 * so an id that may contain a card number is not used. The parent's span id gets only into spans.
 */
export function tracing(): RequestHandler {
  return (request, response, next) => {
    const tracer = currentTracing()?.tracer;
    const sent = parseTraceparent(request.get('traceparent') ?? '');
    const used = sent && [sent.traceId, ...(tracer ? [sent.spanId] : [])];
    const parent = used?.some(idHasCardNumber) ? undefined : sent;
    const traceparent = tracer
      ? formatTraceparent(startRequestSpan(tracer, request, response, parent))
      : nextTraceparent(parent);
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
