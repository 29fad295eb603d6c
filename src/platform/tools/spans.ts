import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { ATTRIBUTE, type MessagingSystem } from './semantic-conventions.js';
import { parseSampled, RANDOM, SAMPLED, type Traceparent } from './traceparent.js';

/** What the process records its spans with. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly messagingSystem: MessagingSystem;
}

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
}

let current: Tracing | undefined;

/** Records spans from now on; undefined ends it. */
export function traceWith(tracing: Tracing | undefined): void {
  current = tracing;
}

/** Undefined while the process records no spans, which is the default. */
export function currentTracing(): Tracing | undefined {
  return current;
}

/**
 * Starts a span in the trace of `parent`, or in a new trace. The sampler decides whether it is recorded.
 * @param isRemote the parent may be another process's
 */
export function startSpan(
  tracer: Tracer,
  { name, ...options }: SpanStart,
  parent: Traceparent | undefined,
  isRemote: boolean,
): Span {
  const context = parent ? trace.setSpanContext(ROOT_CONTEXT, { ...contextOf(parent), isRemote }) : ROOT_CONTEXT;
  return tracer.startSpan(name, options, context);
}

/**
 * Runs `work` in a span, which is a child of the one that `traceparent` names. It only runs `work` if that one is not
 * recorded: the sampler decides once, at the request.
 * @param isRepeated returns true for errors after which the caller tries again; a failed attempt then has no span
 */
export function inSpan<T>(
  start: SpanStart,
  traceparent: string | undefined,
  work: () => Promise<T>,
  isRepeated: (error: unknown) => boolean = () => false,
): Promise<T> {
  const parent = current && traceparent !== undefined ? parseSampled(traceparent) : undefined;
  if (!current || !parent) return work();
  return endWith(startSpan(current.tracer, start, parent, false), work, isRepeated);
}

async function endWith<T>(span: Span, work: () => Promise<T>, isRepeated: (error: unknown) => boolean): Promise<T> {
  try {
    const result = await work();
    span.end();
    return result;
  } catch (error) {
    // A span that never ends is not exported.
    if (!isRepeated(error)) failSpan(span, error instanceof Error ? error.name : typeof error).end();
    throw error;
  }
}

/** Marks a span as failed. Only the type of an error is recorded: its message may quote values. */
export function failSpan(span: Span, errorType: string): Span {
  return span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(ATTRIBUTE.errorType, errorType);
}

/** Returns the traceparent for what belongs to a span. @param parent of the span, if it has one */
export function traceparentOf(span: Span, parent: Traceparent | undefined): Traceparent {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, flags: (traceFlags & SAMPLED) | ((parent?.flags ?? 0) & RANDOM) };
}

/** Returns how the API names a span of another trace or process. */
export function contextOf({ traceId, spanId, flags }: Traceparent): SpanContext {
  return { traceId, spanId, traceFlags: flags & SAMPLED };
}
