/** An error as a log line has it. */
export interface LoggedError {
  readonly type: string;
  readonly message?: string;
  /** The innermost stack frames. */
  readonly at?: readonly string[] | undefined;
  readonly cause?: LoggedError;
}

const MAX_FRAMES = 8;
const MAX_LENGTH = 500;

/** Keeps only type, message, stack and cause: drivers attach documents and connection strings to errors. */
export function serializeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const at = stack
    ?.split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, MAX_FRAMES);
  return { type: name, message: redact(message), at, ...(cause instanceof Error && { cause: serializeError(cause) }) };
}

/** Returns an error as Node.js prints it. */
export function stackTraceOf({ type, message, at = [], cause }: LoggedError): string {
  const own = [message === undefined ? type : `${type}: ${message}`, ...at].join('\n');
  return cause ? `${own}\nCaused by: ${stackTraceOf(cause)}` : own;
}

/**
 * Removes passwords of connection strings, keys of duplicate key errors, text that is not JSON, and digits that may be a
 * card number.
 */
export function redact(message: string): string {
  return message
    .replaceAll(/\/\/[^/@\s]*@/g, '//***@')
    .replaceAll(/dup key: \{.*\}/gs, 'dup key')
    .replace(/\S*".*"\S* is not valid JSON/s, '*** is not valid JSON')
    .replaceAll(/\d(?:[\s\p{Pd}]*\d){11,}/gu, '***')
    .slice(0, MAX_LENGTH);
}
