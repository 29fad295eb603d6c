import { type LoggerOptions, pino } from 'pino';
import { type LoggedError, serializeError, stackTraceOf } from './logged-error.js';

/** The formats of log lines. */
export const LOG_FORMATS = ['json', 'gcp', 'ecs', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

type Fields = Readonly<Record<string, unknown>>;

/** Google Cloud's names of pino's levels. */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};
const ECS_VERSION = '8.11.0';
const NANOSECONDS_PER_MS = 1_000_000;

/**
 * Returns pino's options for a format.
 * @param project Google Cloud's project of the traces, for `gcp`
 */
export function optionsFor(format: LogFormat, project?: string): LoggerOptions {
  switch (format) {
    case 'gcp':
      return {
        base: null,
        messageKey: 'message',
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: {
          level: (label) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }),
          log: toGoogleCloud(project === undefined ? '' : `projects/${project}/traces/`),
        },
      };
    case 'ecs':
      return {
        base: { 'ecs.version': ECS_VERSION },
        messageKey: 'message',
        timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ 'log.level': label }), log: toEcs },
      };
    // Lines for people are made from JSON: see pretty-lines.ts.
    case 'json':
    case 'pretty':
      return {
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      };
  }
}

/** @param prefix of a trace's id: Google Cloud also takes the id alone, as one of the project that the line is sent to */
function toGoogleCloud(prefix: string): (fields: Fields) => Fields {
  return ({ traceId, spanId, ...others }) => {
    if (typeof traceId !== 'string') return others;
    const trace = { 'logging.googleapis.com/trace': prefix + traceId, 'logging.googleapis.com/spanId': spanId };
    return { ...others, ...trace };
  };
}

/** The fields that the Elastic Common Schema has under another name. All others become labels, which are text. */
const ECS_NAMES: Readonly<Record<string, string>> = {
  requestId: 'http.request.id',
  traceId: 'trace.id',
  spanId: 'span.id',
  method: 'http.request.method',
  status: 'http.response.status_code',
  reason: 'error.message',
  error: 'error.type',
};

function toEcs(fields: Fields): Fields {
  const line: Record<string, unknown> = {};
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    const standard = ECS_NAMES[name];
    if (value === undefined) continue;
    if (standard !== undefined) line[standard] = value;
    else if (name === 'ms') line['event.duration'] = Number(value) * NANOSECONDS_PER_MS;
    else if (name === 'err') Object.assign(line, toEcsError(serializeError(value)));
    else if (name === 'stack') line['error.stack_trace'] = Array.isArray(value) ? value.join('\n') : value;
    else labels[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  if (Object.keys(labels).length > 0) line.labels = labels;
  return line;
}

function toEcsError(error: LoggedError): Fields {
  return { 'error.type': error.type, 'error.message': error.message, 'error.stack_trace': stackTraceOf(error) };
}
