import type { OpenApiOperation, OpenApiResponse } from './openapi.js';
import { type Problem, PROBLEM_JSON, toProblem } from '../resources/problem.js';

/** A problem that the platform may answer an operation with: what the document says of it, and an example. */
interface PlatformProblem {
  readonly description: (operation: OpenApiOperation) => string;
  readonly example: (operation: OpenApiOperation) => Omit<Parameters<typeof toProblem>[0], 'status'>;
  /** Which operations may be answered so. */
  readonly concerns: (operation: OpenApiOperation) => boolean;
}

const everywhere = () => true;
const hasBody = ({ requestBody }: OpenApiOperation) => requestBody !== undefined;
const takes = (header: string) => (operation: OpenApiOperation) => hasParameter(operation, header);

/** By status. A controller that says more of one is believed. */
const PROBLEMS: Readonly<Record<string, PlatformProblem>> = {
  400: {
    concerns: everywhere,
    description: () => 'The request cannot be read',
    example: () => ({
      code: 'malformed-request',
      detail: 'the request cannot be read: its body is not JSON, or its path or encoding is broken',
    }),
  },
  401: {
    concerns: ({ security }) => security !== undefined,
    description: () => 'No token, or one that is not valid; `WWW-Authenticate` says why',
    example: () => ({ code: 'invalid-token', detail: 'the token has expired' }),
  },
  403: {
    concerns: ({ security }) => security !== undefined,
    description: (operation) =>
      `The token does not have the scope ${scopesOf(operation)
        .map((scope) => `\`${scope}\``)
        .join(' ')}`,
    example: (operation) => ({
      code: 'insufficient-scope',
      detail: `the token does not have the scope ${scopesOf(operation).join(' ')}`,
    }),
  },
  409: {
    concerns: takes('Idempotency-Key'),
    description: () => 'A request under this `Idempotency-Key` is being carried out',
    example: () => ({
      code: 'request-in-flight',
      detail: 'a request under this Idempotency-Key is being carried out',
    }),
  },
  410: {
    concerns: takes('Idempotency-Key'),
    description: () => 'What was answered under this `Idempotency-Key` has been erased',
    example: () => ({ code: 'gone', detail: 'what was answered under this key has been erased' }),
  },
  412: {
    concerns: takes('If-Match'),
    description: () => '`If-Match` is stale',
    example: () => ({ code: 'stale', detail: 'If-Match does not name the current version, 3' }),
  },
  413: {
    concerns: hasBody,
    description: () => 'The body is too large',
    example: () => ({ code: 'body-too-large', detail: 'the body is larger than HTTP_BODY_LIMIT' }),
  },
  415: {
    concerns: hasBody,
    description: (operation) => `Not ${mediaTypeOf(operation)}`,
    example: (operation) => ({ code: 'unsupported-media-type', detail: `send ${mediaTypeOf(operation)}` }),
  },
  422: {
    concerns: everywhere,
    description: () => 'A field or parameter is wrong; `errors` names each',
    example: (operation) => ({
      code: 'invalid-request',
      detail: 'the request does not fit the schema',
      errors: [wrongField(operation)],
    }),
  },
  503: {
    concerns: everywhere,
    description: () => 'Try again after `Retry-After`',
    example: () => ({ code: 'unavailable', detail: 'the database does not answer' }),
  },
  default: {
    concerns: everywhere,
    description: () => 'Any other problem, such as 405 (`Allow` names the methods of the path) or 500',
    example: () => ({ code: 'internal-error' }),
  },
};

/** The answers to an operation that are no success, those that the platform gives everywhere included, with examples. */
export function problemsOf(operation: OpenApiOperation, path: string): Record<string, OpenApiResponse> {
  const stated = Object.entries(operation.responses ?? {}).filter(([status]) => isProblem(status));
  const derived = Object.entries(PROBLEMS).flatMap(([status, { concerns, description }]) =>
    concerns(operation) ? [[status, { description: description(operation) }] as const] : [],
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

/** Whether an answer of this status is a problem. */
export function isProblem(status: string): boolean {
  return status >= '400';
}

/** Whether an operation takes a parameter of this name. */
export function hasParameter({ parameters = [] }: OpenApiOperation, wanted: string): boolean {
  return parameters.some(({ name }) => name === wanted);
}

function exampleOf(status: string, operation: OpenApiOperation, path: string, given: Problem | undefined): Problem {
  const { errors, ...problem } = given ?? platformProblem(status, operation);
  return { ...problem, instance: filledIn(path, operation), ...(errors && { errors }) };
}

function platformProblem(status: string, operation: OpenApiOperation): Problem {
  const known = PROBLEMS[status];
  if (!known) throw new Error(`${operation.operationId}: give the answer ${status} an example`);
  return toProblem({ ...known.example(operation), status: status === 'default' ? 500 : Number(status) });
}

function wrongField(operation: OpenApiOperation): { pointer: string; message: string } {
  const isList = !operation.requestBody && hasParameter(operation, 'limit');
  return isList
    ? { pointer: '/limit', message: 'must be <= 200' }
    : { pointer: '/colour', message: 'is not known here' };
}

function filledIn(path: string, { parameters = [] }: OpenApiOperation): string {
  return path.replaceAll(
    /\{([^}]+)\}/g,
    (_, wanted: string) => (parameters.find(({ name }) => name === wanted)?.example as string | undefined) ?? wanted,
  );
}

function scopesOf({ security = [] }: OpenApiOperation): string[] {
  return security.flatMap((each) => Object.values(each).flat());
}

function mediaTypeOf({ requestBody }: OpenApiOperation): string {
  return Object.keys(requestBody?.content ?? {})[0] ?? 'application/json';
}
