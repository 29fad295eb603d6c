import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { Request, Response } from 'express';
import { ATTRIBUTE, httpMethodOf } from '../../tools/semantic-conventions.js';
import { failSpan, startSpan, traceparentOf } from '../../tools/spans.js';
import type { Traceparent } from '../../tools/traceparent.js';

/**
 * Starts the span of a request, which ends with the response or the connection. It has the route's template and never
 * the path, which may contain ids and search terms.
 * @returns the traceparent for everything that belongs to the request
 */
export function startRequestSpan(
  tracer: Tracer,
  { method: sent }: Request,
  response: Response,
  parent: Traceparent | undefined,
): Traceparent {
  const method = httpMethodOf(sent);
  const span = startSpan(tracer, { name: method, kind: SpanKind.SERVER }, parent, true);
  if (span.isRecording()) {
    response.once('close', () => {
      const { route } = response.locals as { route?: string };
      const { statusCode } = response;
      if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute(ATTRIBUTE.httpRoute, route);
      span.setAttributes({
        [ATTRIBUTE.httpMethod]: method,
        [ATTRIBUTE.urlScheme]: 'http',
        [ATTRIBUTE.httpStatus]: statusCode,
      });
      if (statusCode >= 500) failSpan(span, String(statusCode));
      span.end();
    });
  }
  return traceparentOf(span, parent);
}
