/** The kind of an error. Only the HTTP layer maps kinds to status codes. */
export type ErrorKind =
  | 'invalid'
  | 'rejected'
  | 'forbidden'
  | 'not-found'
  | 'gone'
  | 'conflict'
  | 'stale'
  | 'unavailable'
  | 'malformed'
  | 'too-large'
  | 'unsupported-media-type';

/** One invalid field of a request: a JSON Pointer and the problem. Never the value itself. */
export interface FieldError {
  /**
   * JSON Pointer (RFC 6901)
   * @format json-pointer
   * @maxLength 1000
   */
  readonly pointer: string;
  /** @maxLength 1000 */
  readonly message: string;
}

/** An error that may be shown to a caller. Domain errors have the same shape without importing this one. */
export interface CodedError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly errors?: readonly FieldError[];
}

/** An error of the platform that may be shown to a caller. */
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

/** An error of our own code whose message quotes no value of a request or a record: it may be logged. */
export class ErrorWithoutValues extends Error {}

/** Returns true for every error, of the platform or of a domain, with a code and a kind. */
export function isCodedError(error: unknown): error is CodedError {
  return error instanceof Error && 'kind' in error && 'code' in error && typeof error.kind === 'string';
}

/** Creates the error for a dependency that does not respond, or a full queue: the caller may retry later. */
export function unavailable(message: string, cause?: unknown): PlatformError {
  return new PlatformError('unavailable', 'unavailable', message, undefined, { cause });
}

/** Returns true if the caller may retry later. */
export function isUnavailable(error: unknown): boolean {
  return isCodedError(error) && error.kind === 'unavailable';
}

/** Creates the error for content that a database can never store. The message gives the reason, without values. */
export function notStorable(message: string): PlatformError {
  return new PlatformError('rejected', 'not-storable', message);
}

/** Returns true for errors from {@link notStorable}. */
export function isNotStorable(error: unknown): error is CodedError {
  return isCodedError(error) && error.code === 'not-storable';
}
