import { type Logger, type LoggerOptions, pino } from 'pino';
import { requestContext } from '../tools/request-context.js';

/** Lines of JSON; a line that is written while a request is served or an event is reacted to carries its ids. */
export function createLogger(level: string, destination: 'stdout' | 'stderr' = 'stdout'): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => {
      const context = requestContext();
      if (!context) return {};
      const { requestId, causationId, traceparent } = context;
      return {
        ...(requestId !== undefined && { requestId }),
        ...(causationId !== undefined && { causationId }),
        traceId: traceparent.split('-')[1],
      };
    },
    serializers: { err: withoutCauses },
  };
  // A service must not wait for whoever reads its log; a command's last words must be there before it ends.
  const isService = destination === 'stdout';
  return pino(options, pino.destination({ dest: isService ? 1 : 2, sync: !isService }));
}

/** Only what kind of error and where: drivers put documents and connection strings into theirs. */
function withoutCauses(error: unknown): object {
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
    ...(cause instanceof Error && { cause: withoutCauses(cause) }),
  };
}

/** Connection strings carry passwords; a duplicate key error quotes the key, and a long digit run may be a card. */
function redact(message: string): string {
  return message
    .replaceAll(/\/\/[^/@\s]*@/g, '//***@')
    .replaceAll(/dup key: \{.*\}/gs, 'dup key')
    .replaceAll(/\d[\d -]{11,}\d/g, '***')
    .slice(0, 500);
}
