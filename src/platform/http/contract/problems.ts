import { alternativesOf, type OpenApiOperation, type OpenApiResponse } from './openapi.js';
import { type Problem, PROBLEM_JSON, toProblem } from '../resources/problem.js';

/** A problem that the platform may return from an operation, with its description and an example. */
interface PlatformProblem {
  readonly description: (operation: OpenApiOperation) => string;
  readonly example: (operation: OpenApiOperation) => Omit<Parameters<typeof toProblem>[0], 'status'>;
  /** Whether the operation may return this problem. */
  readonly appliesTo: (operation: OpenApiOperation) => boolean;
}

const everywhere = () => true;
const hasBody = ({ requestBody }: OpenApiOperation) => requestBody !== undefined;
const takes = (header: string) => (operation: OpenApiOperation) => hasParameter(operation, header);

/** By status. The `@Response` of a controller overrides the one here. */
const PROBLEMS: Readonly<Record<string, PlatformProblem>> = {
  400: {
    appliesTo: everywhere,
    description: () => 'The request is malformed',
    example: () => ({
      code: 'malformed-request',
      detail: 'the request is malformed: the body is not JSON, or the path or an encoding is invalid',
    }),
  },
  401: {
    appliesTo: ({ security }) => security !== undefined,
    description: () => 'The token is missing or invalid; `WWW-Authenticate` gives the reason',
    example: () => ({ code: 'invalid-token', detail: 'the token has expired' }),
  },
  403: {
    appliesTo: ({ security }) => security !== undefined,
    description: (operation) => {
      const [staff = '', ...self] = alternativesOf(operation).map((scopes) =>
        scopes.map((scope) => `\`${scope}\``).join(' '),
      );
      const restricted = self.map(
        (scopes) => `; with \`AUTH_OWNERSHIP=claim\`, ${scopes} is sufficient for one's own data`,
      );
      return `The token does not have the scope ${staff}${restricted.join('')}`;
    },
    example: (operation) => ({
      code: 'insufficient-scope',
      detail: `the token does not have the scope ${(alternativesOf(operation)[0] ?? []).join(' ')}`,
    }),
  },
  409: {
    appliesTo: takes('Idempotency-Key'),
    description: () => 'Another request with this `Idempotency-Key` is still in progress',
    example: () => ({
      code: 'request-in-flight',
      detail: 'another request with this Idempotency-Key is still in progress',
    }),
  },
  410: {
    appliesTo: takes('Idempotency-Key'),
    description: () => 'The stored response for this `Idempotency-Key` was erased',
    example: () => ({ code: 'gone', detail: 'the response for this key has been erased' }),
  },
  412: {
    appliesTo: takes('If-Match'),
    description: () => '`If-Match` does not name the current version',
    example: () => ({ code: 'stale', detail: 'If-Match does not name the current version, 3' }),
  },
  413: {
    appliesTo: hasBody,
    description: () => 'The body is too large',
    example: () => ({ code: 'body-too-large', detail: 'the body is larger than HTTP_BODY_LIMIT' }),
  },
  415: {
    appliesTo: hasBody,
    description: (operation) => `The body is not ${mediaTypeOf(operation)}`,
    example: (operation) => ({ code: 'unsupported-media-type', detail: `the body must be ${mediaTypeOf(operation)}` }),
  },
  422: {
    appliesTo: everywhere,
    description: () => 'A field or parameter is invalid; `errors` lists each one',
    example: (operation) => ({
      code: 'invalid-request',
      detail: 'the request does not match the schema',
      errors: [invalidField(operation)],
    }),
  },
  429: {
    appliesTo: everywhere,
    description: () =>
      'Too many requests: of one client, if a gateway limits their rate, or at a time on one connection, which then ' +
      'closes. Retry after `Retry-After` seconds',
    example: () => ({ code: 'too-many-requests', detail: 'more than 16 requests wait on this connection' }),
  },
  500: {
    appliesTo: everywhere,
    description: () => 'An unexpected error; the log has the details',
    example: () => ({ code: 'internal-error' }),
  },
  503: {
    appliesTo: everywhere,
    description: () => 'Temporarily unavailable; retry after `Retry-After` seconds',
    example: () => ({ code: 'unavailable', detail: 'the database does not answer' }),
  },
  default: {
    appliesTo: everywhere,
    description: () => 'Any other error, such as 405 (`Allow` lists the methods of the path)',
    example: () => ({ code: 'method-not-allowed', detail: 'this path does not support TRACE' }),
  },
};

/** Returns the error responses of an operation, including those of the platform, with examples. */
export function problemsOf(operation: OpenApiOperation, path: string): Record<string, OpenApiResponse> {
  const stated = Object.entries(operation.responses ?? {}).filter(([status]) => isProblem(status));
  const derived = Object.entries(PROBLEMS).flatMap(([status, { appliesTo, description }]) =>
    appliesTo(operation) ? [[status, { description: description(operation) }] as const] : [],
  );
  const all: Record<string, OpenApiResponse> = { ...Object.fromEntries(derived), ...Object.fromEntries(stated) };
  return Object.fromEntries(
    Object.entries(all).map(([status, { content, ...response }]) => {
      const [given] = Object.values(Object.values(content ?? {})[0]?.examples ?? {});
      const example = exampleOf(status, operation, path, given?.value as Problem | undefined);
      const schema = { $ref: '#/components/schemas/Problem' };
      return [status, { ...response, content: { [PROBLEM_JSON]: { schema, example } } }];
    }),
  );
}

/** Returns whether a response with this status is a problem. */
export function isProblem(status: string): boolean {
  return status >= '400';
}

/** Returns whether an operation has a parameter of this name. */
export function hasParameter({ parameters = [] }: OpenApiOperation, wanted: string): boolean {
  return parameters.some(({ name }) => name === wanted);
}

function exampleOf(status: string, operation: OpenApiOperation, path: string, given: Problem | undefined): Problem {
  const { errors, ...problem } = given ?? platformProblem(status, operation);
  return { ...problem, instance: fillPath(path, operation), ...(errors && { errors }) };
}

function platformProblem(status: string, operation: OpenApiOperation): Problem {
  const known = PROBLEMS[status];
  if (!known) throw new Error(`${operation.operationId}: response ${status} needs an example`);
  return toProblem({ ...known.example(operation), status: status === 'default' ? 405 : Number(status) });
}

function invalidField(operation: OpenApiOperation): { pointer: string; message: string } {
  const isList = !operation.requestBody && hasParameter(operation, 'limit');
  return isList ? { pointer: '/limit', message: 'must be <= 200' } : { pointer: '/colour', message: 'is unknown' };
}

function fillPath(path: string, { parameters = [] }: OpenApiOperation): string {
  return path.replaceAll(
    /\{([^}]+)\}/g,
    (_, wanted: string) => (parameters.find(({ name }) => name === wanted)?.example as string | undefined) ?? wanted,
  );
}

function mediaTypeOf({ requestBody }: OpenApiOperation): string {
  return Object.keys(requestBody?.content ?? {})[0] ?? 'application/json';
}
