import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler, type Response } from 'express';
import type { VerifyToken } from '../../operating/auth/caller.js';
import { PlatformError } from '../../tools/errors.js';
import { aboutAggregates } from '../../tools/request-context.js';
import { authentication } from './authentication.js';
import { type Alternatives, alternativesOf, type OpenApiDocument, type OpenApiOperation } from './openapi.js';
import { notFoundOf, otherCustomersNotFound } from './ownership.js';
import { type Problem, sendMethodNotAllowed, sendProblem } from '../resources/problem.js';
import { type Validator, validatorsOf } from './validation.js';

interface Route {
  /** The path in the document: `/orders/{orderId}`. */
  readonly template: string;
  readonly pattern: RegExp;
  /** Where in the path are which ids: `[2, 'orderId']`. */
  readonly ids: readonly (readonly [segment: number, name: string])[];
  readonly operations: ReadonlyMap<string, Operation>;
}

interface Operation {
  /** The required media type; undefined for an operation without a body. */
  readonly mediaType?: string;
  readonly alternatives: Alternatives;
  /** The documented response for something that does not exist. */
  readonly notFound: Problem | undefined;
  readonly bodyRequired: boolean;
  readonly validateBody: Validator;
  readonly validateQuery: Validator;
}

/**
 * Checks every request against the OpenAPI document before a controller gets it: paths (404, 405), scopes (401, 403),
 * whose data the path names (404), media types (415), the size and the syntax of the body (413, 400), and schemas
 * including unknown parameters (422).
 * @param verify without it, no request needs a token
 */
export function contractGuard(document: OpenApiDocument, bodyLimit: number, verify?: VerifyToken): RequestHandler[] {
  const routes = routesOf(document);

  const findOperation: RequestHandler = (request, response, next) => {
    const route = routes.find(({ pattern }) => pattern.test(request.path));
    if (!route) {
      sendProblem(request, response, { code: 'not-found', status: 404, detail: 'no such path' });
      return;
    }
    const operation = route.operations.get(request.method === 'HEAD' ? 'GET' : request.method);
    if (!operation) {
      sendMethodNotAllowed(request, response, allowedIn(route));
      return;
    }
    if (route.ids.length > 0) {
      const segments = request.path.split('/');
      aboutAggregates(route.ids.map(([segment, name]) => [name, segments[segment] ?? '']));
    }
    response.locals.operation = operation;
    response.locals.route = route.template;
    next();
  };

  const requireMediaType: RequestHandler = (request, response, next) => {
    const { mediaType, bodyRequired } = response.locals.operation as Operation;
    const fits = hasBody(request) ? request.is(mediaType ?? '') : !bodyRequired || request.get('content-type');
    if (mediaType !== undefined && !fits) {
      if (request.method === 'PATCH') response.setHeader('Accept-Patch', mediaType);
      throw new PlatformError('unsupported-media-type', 'unsupported-media-type', `the body must be ${mediaType}`);
    }
    next();
  };

  const validate: RequestHandler = (request, response, next) => {
    const { mediaType, bodyRequired, validateBody, validateQuery } = response.locals.operation as Operation;
    validateQuery({ ...request.query });
    if (mediaType !== undefined && (bodyRequired || request.body !== undefined)) {
      validateBody(request.body);
      if (response.locals.hasEscapes) refuseLoneSurrogates(request.body);
    }
    next();
  };

  const parseJson: RequestHandler = express.json({
    limit: bodyLimit,
    strict: false,
    type: () => true,
    verify: requireText,
  });
  const readJson: RequestHandler = (request, response, next) => {
    // An undocumented body has no meaning (RFC 9110), so it is ignored and not checked.
    if ((response.locals.operation as Operation).mediaType !== undefined && hasBody(request)) {
      parseJson(request, response, next);
    } else {
      next();
    }
  };
  const operationOf = ({ locals }: Response) => locals.operation as Operation;
  const targetOf = (response: Response) => ({
    template: response.locals.route as string,
    notFound: operationOf(response).notFound,
  });
  const authenticate = verify
    ? [authentication(verify, (response) => operationOf(response).alternatives), otherCustomersNotFound(targetOf)]
    : [];
  return [findOperation, ...authenticate, requireMediaType, readJson, validate];
}

/** GET implies HEAD (RFC 9110). */
function allowedIn({ operations }: Route): string[] {
  return [...operations.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}

/**
 * JSON between systems is UTF-8 (RFC 8259): text in another encoding would be stored as a different text. An empty body
 * is refused because the parser would return an empty object for it.
 */
function requireText(_request: unknown, response: unknown, body: Buffer, encoding: string): void {
  if (encoding !== 'utf-8') {
    throw new PlatformError('unsupported-media-type', 'unsupported-media-type', 'the body must be UTF-8');
  }
  if (body.length === 0) throw new PlatformError('malformed', 'malformed-request', 'the body is empty');
  if (!isUtf8(body)) throw new PlatformError('malformed', 'malformed-request', 'the body is not UTF-8');
  (response as Response).locals.hasEscapes = body.includes('\\u');
}

/** JSON can escape a lone surrogate, but UTF-8 cannot store it: it would come back as another character. */
function refuseLoneSurrogates(body: unknown): void {
  const hasOne = /\\ud[89a-f]/.test(JSON.stringify(body).replaceAll('\\\\', ''));
  if (hasOne) throw new PlatformError('malformed', 'malformed-request', 'the body contains a lone surrogate');
}

function routesOf(document: OpenApiDocument): Route[] {
  const compile = validatorsOf(document);
  return Object.entries(document.paths)
    .sort(byStaticPartsFirst)
    .map(([path, operations]) => ({
      template: path,
      pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`),
      ids: path.split('/').flatMap((part, segment) => {
        const [, name] = /^\{(.+)\}$/.exec(part) ?? [];
        return name === undefined ? [] : [[segment, name] as const];
      }),
      operations: new Map(
        Object.entries(operations).map(([method, operation]) => [
          method.toUpperCase(),
          toOperation(operation, compile),
        ]),
      ),
    }));
}

function toOperation(operation: OpenApiOperation, compile: ReturnType<typeof validatorsOf>): Operation {
  const [mediaType, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const queries = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  return {
    ...(mediaType !== undefined && { mediaType }),
    alternatives: alternativesOf(operation),
    notFound: notFoundOf(operation),
    bodyRequired: operation.requestBody?.required ?? false,
    validateBody: content ? compile.body(content.schema) : () => undefined,
    validateQuery: compile.query({
      type: 'object',
      // The response to any cursor that was not issued is 400, however long it is.
      properties: Object.fromEntries(queries.map(({ name, schema }) => [name, name === 'cursor' ? {} : schema])),
      required: queries.filter(({ required }) => required).map(({ name }) => name),
      additionalProperties: false,
    }),
  };
}

/** Tries `/orders/customers/{id}` before `/orders/{id}/ship`: a brace sorts after every letter. */
function byStaticPartsFirst([a]: [string, unknown], [b]: [string, unknown]): number {
  const [left, right] = [a, b].map((path) => path.replaceAll(/\{[^}]+\}/g, '{')) as [string, string];
  return left < right ? -1 : Number(left > right);
}
