import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { requestContext } from '../tools/request-context.js';
import { type LogFormat, optionsFor } from './log-formats.js';
import { redact, serializeError } from './logged-error.js';
import { toPrettyLine } from './pretty-lines.js';

/** The settings of a log. */
export interface LogSettings {
  readonly LOG_LEVEL: string;
  /** Default: `pretty` on a terminal, `json` otherwise. */
  readonly LOG_FORMAT?: LogFormat | undefined;
  /** Google Cloud's project of the traces, for the format `gcp`. */
  readonly GOOGLE_CLOUD_PROJECT?: string | undefined;
}

/** Creates a logger. Lines written while a request or an event is handled carry its ids. */
export function createLogger(
  { LOG_LEVEL, LOG_FORMAT, GOOGLE_CLOUD_PROJECT }: LogSettings,
  destination: 'stdout' | 'stderr' = 'stdout',
): Logger {
  const stream = process[destination];
  const format = LOG_FORMAT ?? (stream.isTTY ? 'pretty' : 'json');
  const options: LoggerOptions = {
    ...optionsFor(format, GOOGLE_CLOUD_PROJECT),
    level: LOG_LEVEL,
    mixin: currentIds,
    serializers: { err: serializeError },
    hooks: { logMethod: withRedactedMessage },
  };
  // A service must not block on a slow log reader; a command must have written its last lines before it exits.
  const isService = destination === 'stdout';
  const output = pino.destination({ dest: isService ? 1 : 2, sync: !isService });
  return pino(options, format === 'pretty' ? prettyTo(output, stream.isTTY && stream.hasColors()) : output);
}

function prettyTo(output: DestinationStream, hasColors: boolean): DestinationStream {
  return { write: (line) => output.write(toPrettyLine(line, hasColors)) };
}

/** Returns the ids of the request or the event that is being handled. */
function currentIds(): object {
  const context = requestContext();
  if (!context) return {};
  const { requestId, clientRequestId, causationId, traceparent, aggregateIds } = context;
  return {
    ...(requestId !== undefined && { requestId }),
    ...(clientRequestId !== undefined && { clientRequestId }),
    ...(causationId !== undefined && { causationId }),
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    ...aggregateIds,
  };
}

/** Without a message of its own, pino gives a line the message of its error, which may quote a value. */
const withRedactedMessage: NonNullable<LoggerOptions['hooks']>['logMethod'] = function (args, method) {
  const [first, message] = args as [unknown, string | undefined];
  const error = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err;
  if (message !== undefined || !(error instanceof Error)) {
    method.apply(this, args);
    return;
  }
  const line = first instanceof Error ? { err: first } : first;
  method.apply(this, [line, redact(error.message)] as unknown as typeof args);
};
