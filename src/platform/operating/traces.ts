import type { Logger } from 'pino';
import { traceWith } from '../tools/spans.js';
import { type Config, isEmbedded } from './config/config.js';
import type { TracedService } from './trace-export.js';

/** The spans of this process on their way to a collector. */
export interface Traces {
  /** Ends tracing, and sends the last spans for at most `timeoutMs` milliseconds. */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * Starts to record spans and to send them. Returns undefined, and loads no package of the SDK, unless an endpoint is
 * configured.
 */
export async function startTraces(config: Config, service: TracedService, logger: Logger): Promise<Traces | undefined> {
  if (!isTraced(config)) return undefined;
  passToSdk(config);
  const { openTraceExport } = await import('./trace-export.js');
  const { tracer, stop } = await openTraceExport(protocolOf(config), service, logger);
  traceWith({ tracer, messagingSystem: isEmbedded(config) ? 'embedded_log' : 'kafka' });
  return {
    stop: (timeoutMs) => {
      traceWith(undefined);
      return stop(timeoutMs);
    },
  };
}

function isTraced(config: Config): boolean {
  const endpoint = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  return endpoint !== undefined && !config.OTEL_SDK_DISABLED && config.OTEL_TRACES_EXPORTER !== 'none';
}

function protocolOf(config: Config): 'http/protobuf' | 'http/json' {
  return config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf';
}

/** The SDK reads the environment only; settings may also come from files. */
function passToSdk(config: Config): void {
  for (const [name, value] of Object.entries(config)) {
    if (name.startsWith('OTEL_') && value !== undefined) process.env[name] = String(value);
  }
}
