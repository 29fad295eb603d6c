/** What kind of trouble an error is. The HTTP edge maps kinds to status codes; nothing else knows them. */
export type ErrorKind =
  | 'invalid'
  | 'rejected'
  | 'not-found'
  | 'gone'
  | 'conflict'
  | 'stale'
  | 'unavailable'
  | 'malformed'
  | 'too-large'
  | 'unsupported-media-type';

/** One offending field of a request: a JSON Pointer into it, and what is wrong there. Never the value itself. */
export interface FieldError {
  readonly pointer: string;
  readonly message: string;
}

/** An error that a caller may be told about. Domain errors have the same shape without knowing this one. */
export interface CodedError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly errors?: readonly FieldError[];
}

/** An error of the platform that a caller may be told about. */
export class PlatformError extends Error implements CodedError {
  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly errors?: readonly FieldError[],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = code;
  }
}

/** True for every error, of the platform or of a domain, that carries a code and a kind. */
export function isCodedError(error: unknown): error is CodedError {
  return error instanceof Error && 'kind' in error && 'code' in error && typeof error.kind === 'string';
}

/** A dependency does not answer, or there is more waiting than may wait: worth trying again later. */
export function unavailable(message: string, cause?: unknown): PlatformError {
  return new PlatformError('unavailable', 'unavailable', message, undefined, { cause });
}

/** True when it is worth trying again later. */
export function isUnavailable(error: unknown): boolean {
  return isCodedError(error) && error.kind === 'unavailable';
}

/** A database will never hold such content, however often it is tried. The message says why, and names no value. */
export function notStorable(message: string): PlatformError {
  return new PlatformError('rejected', 'not-storable', message);
}

/** True for what {@link notStorable} made. */
export function isNotStorable(error: unknown): error is CodedError {
  return isCodedError(error) && error.code === 'not-storable';
}
