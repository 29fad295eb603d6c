import { ValidateError } from '@tsoa/runtime';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { pathHasCardNumber } from '../../tools/card-numbers.js';
import { type ErrorKind, type FieldError, isCodedError, PlatformError } from '../../tools/errors.js';
import { loggable } from '../../tools/programming-error.js';

/** Problem details (RFC 9457). */
export interface Problem {
  /**
   * `urn:problem:<code>`
   * @maxLength 100
   * @pattern ^urn:problem:[a-z-]+$
   */
  type: string;
  /** @maxLength 100 */
  title: string;
  /**
   * @isInt
   * @minimum 400
   * @maximum 599
   */
  status: number;
  /** @maxLength 1000 */
  detail?: string;
  /**
   * The path of the request; absent if it may contain a card number.
   * @format uri-reference
   * @maxLength 16384
   */
  instance?: string;
  /**
   * With 422: every invalid field, or the first 100.
   * @maxItems 100
   */
  errors?: FieldError[];
}

const STATUS: Readonly<Record<ErrorKind, number>> = {
  malformed: 400,
  forbidden: 403,
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

/** Seconds after which a client may retry a request that got 429 or 503. */
const RETRY_AFTER_SECONDS = '1';

/** A problem by its code; type and title follow from the code. */
export type CodedProblem = Omit<Problem, 'type' | 'title' | 'instance'> & { readonly code: string };

/** Most errors in one response; a body may have thousands of unknown members. */
const MAX_ERRORS = 100;

/** Without a charset, which JSON does not define. */
export const PROBLEM_JSON = 'application/problem+json';

/** @param instance the path of the request, if it is known */
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

/** Sends a problem, with the headers that are set already. */
export function sendProblem(request: Request, response: Response, problem: CodedProblem): void {
  const { status } = problem;
  if (status === 429 || status === 503) response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
  const [path = ''] = request.originalUrl.split('?');
  const body = toProblem(problem, pathHasCardNumber(path) ? undefined : path);
  response.status(status).setHeader('Content-Type', PROBLEM_JSON).end(JSON.stringify(body));
}

/** @param allowed the methods that the path supports */
export function sendMethodNotAllowed(request: Request, response: Response, allowed: readonly string[]): void {
  response.setHeader('Allow', allowed.join(', '));
  const detail = `this path does not support ${request.method}`;
  sendProblem(request, response, { code: 'method-not-allowed', status: 405, detail });
}

/** The last handler: turns every error into a problem. Logs an unexpected error and responds 500. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const known = toKnownError(error);
    if (!known) {
      const { route = 'other' } = response.locals as { route?: string };
      logger.error({ ...loggable(error), method: request.method, route }, 'request failed');
      sendProblem(request, response, { code: 'internal-error', status: 500 });
      return;
    }
    if (known.kind === 'forbidden') addChallenge(response);
    const errors = known.errors?.slice(0, MAX_ERRORS);
    sendProblem(request, response, {
      code: known.code,
      status: STATUS[known.kind],
      detail: known.message,
      ...(errors && { errors }),
    });
  };
}

/** A 403 names the scope that is sufficient (RFC 6750). If a use case refuses a request, authentication knows it. */
function addChallenge(response: Response): void {
  const { challenge } = response.locals as { challenge?: string };
  if (challenge !== undefined && !response.hasHeader('WWW-Authenticate')) {
    response.setHeader('WWW-Authenticate', challenge);
  }
}

function toKnownError(error: unknown) {
  if (isCodedError(error)) return error;
  return error instanceof ValidateError ? fromRoutes(error) : fromBodyParser(error);
}

/** tsoa's routes refuse some values that the schema allows, such as `limit=0x10`. Their message quotes the value. */
function fromRoutes({ fields }: ValidateError): PlatformError {
  const errors = Object.keys(fields).map((name) => ({
    pointer: `/${name.replace(/^body\./, '').replaceAll('.', '/')}`,
    message: 'is not valid',
  }));
  return new PlatformError('invalid', 'invalid-request', 'the request does not match the schema', errors);
}

/** Express and its body parser throw http-errors. Their messages may quote the body, so they are replaced. */
function fromBodyParser(error: unknown): (PlatformError & { kind: ErrorKind }) | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  switch (error.status) {
    case 400:
      return new PlatformError(
        'malformed',
        'malformed-request',
        'the request is malformed: the body is not JSON, or the path or an encoding is invalid',
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
