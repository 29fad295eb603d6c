import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tracer } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { ATTRIBUTE } from '../tools/semantic-conventions.js';
import { newSpanId, newTraceId } from '../tools/traceparent.js';

/** The service as its spans name it, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES do. */
export interface TracedService {
  readonly name: string;
  readonly version: string;
}

/**
 * Opens the export of spans with OpenTelemetry's SDK, which takes its settings from the standard environment variables.
 * Import this file dynamically: it loads the SDK.
 */
export async function openTraceExport(
  protocol: 'http/protobuf' | 'http/json',
  service: TracedService,
  logger: Logger,
): Promise<{ readonly tracer: Tracer; readonly stop: (timeoutMs: number) => Promise<void> }> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  const { name, version } = service;
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ [ATTRIBUTE.serviceName]: name, [ATTRIBUTE.serviceVersion]: version }))
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: { generateTraceId: newTraceId, generateSpanId: newSpanId },
    spanProcessors: [new BatchSpanProcessor(reporting(new OTLPTraceExporter(), logger))],
  });
  const stop = async (timeoutMs: number) => {
    const late = sleep(timeoutMs, undefined, { ref: false });
    // The exporter's failures are reported already.
    await Promise.race([provider.shutdown().catch(() => undefined), late]);
  };
  return { tracer: provider.getTracer(name, version), stop };
}

/** Logs when spans are lost for the first time, and when the collector accepts them again. */
function reporting(exporter: SpanExporter, logger: Logger): SpanExporter {
  let lost = 0;
  // An export begins in the context of any request: its log lines must not carry the ids of that one.
  const report = AsyncResource.bind(({ code, error }: ExportResult, count: number) => {
    if (code !== ExportResultCode.SUCCESS) {
      if (lost === 0) logger.warn({ err: error }, 'cannot send spans; dropping them until the collector accepts them');
      lost += count;
    } else if (lost > 0) {
      logger.info({ lost }, 'the collector accepts spans again');
      lost = 0;
    }
  });
  return {
    export: (spans, done) => {
      exporter.export(spans, (result) => {
        report(result, spans.length);
        // The processor would report the failure to a global error handler.
        done({ code: ExportResultCode.SUCCESS });
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
