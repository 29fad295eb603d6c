import express, { type RequestHandler } from 'express';
import { PlatformError } from '../errors.js';
import type { OpenApiDocument, OpenApiOperation } from './openapi.js';
import { sendProblem } from './problem.js';
import { type Validator, validatorsOf } from './validation.js';

interface Route {
  readonly pattern: RegExp;
  readonly operations: ReadonlyMap<string, Operation>;
}

interface Operation {
  /** The media type that the body must have, when there is one to send. */
  readonly mediaType?: string;
  readonly bodyRequired: boolean;
  readonly validateBody: Validator;
  readonly validateQuery: Validator;
}

/**
 * Holds every request to the OpenAPI document before a controller sees it: 404 and 405 by its paths, 415 by its media
 * types, 413 and 400 while reading the body, 422 by its schemas, unknown query parameters included.
 */
export function contractGuard(document: OpenApiDocument, bodyLimit: string): RequestHandler[] {
  const routes = routesOf(document);

  const findOperation: RequestHandler = (request, response, next) => {
    const route = routes.find(({ pattern }) => pattern.test(request.path));
    if (!route) {
      sendProblem(request, response, { code: 'not-found', status: 404, detail: 'no such path' });
      return;
    }
    const operation = route.operations.get(request.method === 'HEAD' ? 'GET' : request.method);
    if (!operation) {
      response.setHeader('Allow', [...route.operations.keys()].join(', '));
      sendProblem(request, response, { code: 'method-not-allowed', status: 405, detail: `not ${request.method} here` });
      return;
    }
    response.locals.operation = operation;
    next();
  };

  const requireMediaType: RequestHandler = (request, response, next) => {
    const { mediaType, bodyRequired } = response.locals.operation as Operation;
    const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
    if (mediaType !== undefined && (hasBody || bodyRequired) && !request.is(mediaType)) {
      if (request.method === 'PATCH') response.setHeader('Accept-Patch', mediaType);
      throw new PlatformError('unsupported-media-type', 'unsupported-media-type', `send ${mediaType}`);
    }
    next();
  };

  const validate: RequestHandler = (request, response, next) => {
    const { mediaType, bodyRequired, validateBody, validateQuery } = response.locals.operation as Operation;
    validateQuery({ ...request.query });
    if (mediaType !== undefined && (bodyRequired || request.body !== undefined)) validateBody(request.body);
    next();
  };

  const readJson = express.json({
    limit: bodyLimit,
    strict: false,
    type: ['application/json', 'application/merge-patch+json'],
  });
  return [findOperation, requireMediaType, readJson, validate];
}

function routesOf(document: OpenApiDocument): Route[] {
  const compile = validatorsOf(document);
  return Object.entries(document.paths)
    .sort(byStaticPartsFirst)
    .map(([path, operations]) => ({
      pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`),
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
    bodyRequired: operation.requestBody?.required ?? false,
    validateBody: content ? compile.body(content.schema) : () => undefined,
    validateQuery: compile.query({
      type: 'object',
      properties: Object.fromEntries(queries.map(({ name, schema }) => [name, schema])),
      required: queries.filter(({ required }) => required).map(({ name }) => name),
      additionalProperties: false,
    }),
  };
}

/** `/orders/customers/{id}` is looked at before `/orders/{id}/ship`, as the router does it. */
function byStaticPartsFirst([a]: [string, unknown], [b]: [string, unknown]): number {
  return a.indexOf('{') === b.indexOf('{')
    ? 0
    : a.replaceAll(/\{[^}]+\}/g, '{').localeCompare(b.replaceAll(/\{[^}]+\}/g, '{'));
}
