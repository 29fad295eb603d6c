import { afterEach, beforeEach } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { traceWith } from '../tools/spans.js';
import { formatTraceparent } from '../tools/traceparent.js';

/** A span as it is exported. */
export interface RecordedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `traceId-spanId` of each. */
  readonly links: readonly string[];
  readonly failed: boolean;
}

/** Records the spans of each test, with the SDK. */
export function recordSpans(): { readonly spans: () => readonly RecordedSpan[] } {
  const exporter = new InMemorySpanExporter();
  beforeEach(() => {
    exporter.reset();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    traceWith({ tracer: provider.getTracer('test'), messagingSystem: 'kafka' });
  });
  afterEach(() => traceWith(undefined));
  return {
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentSpanId: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        links: span.links.map(({ context }) => `${context.traceId}-${context.spanId}`),
        failed: span.status.code === SpanStatusCode.ERROR,
      })),
  };
}

/** The traceparent of a made-up command. Its ids have no digits, so that they cannot be taken for a card number. @param number below 6 */
export function traceparentOfCommand(number: number, flags = 1): string {
  const digit = 'abcdef'[number] as string;
  return formatTraceparent({ traceId: digit.repeat(32), spanId: digit.repeat(16), flags });
}
