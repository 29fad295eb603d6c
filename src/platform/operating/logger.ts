import { type Logger, type LoggerOptions, pino } from 'pino';
import { requestContext } from '../tools/request-context.js';

/** Creates a logger of JSON lines. Lines written while a request or an event is handled carry its ids. */
export function createLogger(level: string, destination: 'stdout' | 'stderr' = 'stdout'): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => {
      const context = requestContext();
      if (!context) return {};
      const { requestId, clientRequestId, causationId, traceparent } = context;
      return {
        ...(requestId !== undefined && { requestId }),
        ...(clientRequestId !== undefined && { clientRequestId }),
        ...(causationId !== undefined && { causationId }),
        traceId: traceparent.split('-')[1],
      };
    },
    serializers: { err: serializeError },
  };
  // A service must not block on a slow log reader; a command must have written its last lines before it exits.
  const isService = destination === 'stdout';
  return pino(options, pino.destination({ dest: isService ? 1 : 2, sync: !isService }));
}

/** Keeps only type, message, stack and cause: drivers attach documents and connection strings to errors. */
function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const frames = stack
    ?.split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 8);
  return {
    type: name,
    message: redact(message),
    at: frames,
    ...(cause instanceof Error && { cause: serializeError(cause) }),
  };
}

/** Removes passwords of connection strings, keys of duplicate key errors, and digits that may be a card number. */
function redact(message: string): string {
  return message
    .replaceAll(/\/\/[^/@\s]*@/g, '//***@')
    .replaceAll(/dup key: \{.*\}/gs, 'dup key')
    .replaceAll(/\d[\d -]{11,}\d/g, '***')
    .slice(0, 500);
}
