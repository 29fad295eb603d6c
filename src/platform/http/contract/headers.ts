import type { OpenApiOperation, OpenApiResponse } from './openapi.js';
import { hasParameter, isProblem } from './problems.js';

const text = { type: 'string' };

/** Headers of answers, as components of the document. */
export const HEADERS = {
  'Accept-Patch': {
    description: 'The media type that a PATCH must have.',
    schema: text,
    example: 'application/merge-patch+json',
  },
  Allow: { description: 'With 405: the methods that this path has.', schema: text, example: 'GET, PUT, PATCH, DELETE' },
  ETag: { description: 'The version of the answer, for `If-Match`.', schema: text, example: '"1"' },
  'Idempotency-Replayed': {
    description: 'There when this is the answer that was given under the same `Idempotency-Key` before.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  Link: {
    description: 'With `rel="next"`, where the next page is; none on the last one.',
    schema: text,
  },
  Location: {
    description: 'The path of what was made.',
    schema: text,
  },
  'Retry-After': {
    description: 'With 503: seconds to wait before trying again.',
    schema: { type: 'integer' },
    example: 1,
  },
  traceparent: {
    description: 'W3C Trace Context: of the trace that the request named, or of a new one.',
    schema: text,
    example: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
  'WWW-Authenticate': {
    description: 'With 401 and 403: the scheme to authenticate by, and what is wrong with the token (RFC 6750).',
    schema: text,
    example: 'Bearer realm="accounts-orders", error="invalid_token", error_description="the token has expired"',
  },
  'X-Request-Id': {
    description: 'The one that the request had, or a new one.',
    schema: text,
    example: '6f2f9d2e-6f0c-4d0c-9a55-0b9a3b6f2c11',
  },
};

type Schemas = Readonly<Record<string, { readonly properties?: object }>>;

/** The headers of an answer follow from what it is: a thing with a version has an `ETag`, a page has a `Link`. */
export function headersOf(
  status: string,
  response: OpenApiResponse,
  operation: OpenApiOperation,
  schemas: Schemas,
): object {
  const properties = propertiesOf(response, schemas);
  const succeeds = !isProblem(status);
  const names: (keyof typeof HEADERS)[] = [
    ...(succeeds && 'version' in properties ? (['ETag'] as const) : []),
    ...(succeeds && 'next' in properties ? (['Link'] as const) : []),
    ...(status === '201' ? (['Location'] as const) : []),
    ...(succeeds && hasParameter(operation, 'Idempotency-Key') ? (['Idempotency-Replayed'] as const) : []),
    ...(status === '401' || status === '403' ? (['WWW-Authenticate'] as const) : []),
    ...(status === '415' && takesPatch(operation) ? (['Accept-Patch'] as const) : []),
    ...(status === '503' ? (['Retry-After'] as const) : []),
    ...(status === 'default' ? (['Allow'] as const) : []),
    'X-Request-Id',
    'traceparent',
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function propertiesOf(response: OpenApiResponse, schemas: Schemas): object {
  const $ref = response.content?.['application/json']?.schema.$ref;
  return schemas[$ref?.split('/').at(-1) ?? '']?.properties ?? {};
}

function takesPatch({ requestBody }: OpenApiOperation): boolean {
  return 'application/merge-patch+json' in (requestBody?.content ?? {});
}
