import { ValidateError } from '@tsoa/runtime';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { type ErrorKind, type FieldError, isCodedError, PlatformError } from '../../tools/errors.js';

/** RFC 9457. */
export interface Problem {
  /** `urn:problem:<code>` */
  type: string;
  title: string;
  status: number;
  detail?: string;
  /** The path that was asked for. */
  instance?: string;
  /** With 422: every offending field. */
  errors?: FieldError[];
}

const STATUS: Readonly<Record<ErrorKind, number>> = {
  malformed: 400,
  'not-found': 404,
  conflict: 409,
  gone: 410,
  stale: 412,
  'too-large': 413,
  'unsupported-media-type': 415,
  invalid: 422,
  rejected: 422,
  unavailable: 503,
};

/** Seconds after which a client may try again what is 503 now. */
const RETRY_AFTER = '1';

/** A problem as the code knows it. */
export type CodedProblem = Omit<Problem, 'type' | 'title' | 'instance'> & { readonly code: string };

/** Not with a charset, which JSON does not have. */
export const PROBLEM_JSON = 'application/problem+json';

/** @param instance the path that was asked for, where it is known */
export function toProblem({ code, status, detail, errors }: CodedProblem, instance?: string): Problem {
  return {
    type: `urn:problem:${code}`,
    title: titleOf(code),
    status,
    ...(detail !== undefined && { detail }),
    ...(instance !== undefined && { instance }),
    ...(errors && { errors }),
  };
}

/** Answers a problem, with the headers that are set already. */
export function sendProblem(request: Request, response: Response, problem: CodedProblem): void {
  const { status } = problem;
  if (status === 503) response.setHeader('Retry-After', RETRY_AFTER);
  const body = toProblem(problem, request.originalUrl.split('?')[0]);
  response.status(status).setHeader('Content-Type', PROBLEM_JSON).end(JSON.stringify(body));
}

/** @param allowed the methods that there are */
export function sendMethodNotAllowed(request: Request, response: Response, allowed: readonly string[]): void {
  response.setHeader('Allow', allowed.join(', '));
  sendProblem(request, response, { code: 'method-not-allowed', status: 405, detail: `not ${request.method} here` });
}

/** The last handler: every error becomes a problem, and only what nobody foresaw is logged and is 500. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const known = toKnownError(error);
    if (!known) {
      logger.error({ err: error, method: request.method, route: request.path }, 'request failed');
      sendProblem(request, response, { code: 'internal-error', status: 500 });
      return;
    }
    const errors = known.errors && [...known.errors];
    sendProblem(request, response, {
      code: known.code,
      status: STATUS[known.kind],
      detail: known.message,
      ...(errors && { errors }),
    });
  };
}

function toKnownError(error: unknown) {
  if (isCodedError(error)) return error;
  return error instanceof ValidateError ? fromRoutes(error) : fromBodyParser(error);
}

/** What tsoa's routes refuse although the document lets it pass, such as `limit=0x10`. They quote the value; we do not. */
function fromRoutes({ fields }: ValidateError): PlatformError {
  const errors = Object.keys(fields).map((name) => ({
    pointer: `/${name.replace(/^body\./, '').replaceAll('.', '/')}`,
    message: 'is not valid',
  }));
  return new PlatformError('invalid', 'invalid-request', 'the request does not fit the schema', errors);
}

/** What express and its body parser throw: http-errors with a status and a type. Their messages may quote the body. */
function fromBodyParser(error: unknown): (PlatformError & { kind: ErrorKind }) | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  switch (error.status) {
    case 400:
      return new PlatformError(
        'malformed',
        'malformed-request',
        'the request cannot be read: its body is not JSON, or its path or encoding is broken',
      );
    case 413:
      return new PlatformError('too-large', 'body-too-large', 'the body is larger than HTTP_BODY_LIMIT');
    case 415:
      return new PlatformError(
        'unsupported-media-type',
        'unsupported-media-type',
        'this charset or content encoding is not supported',
      );
    default:
      return undefined;
  }
}

function titleOf(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
