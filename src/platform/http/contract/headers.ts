import type { OpenApiDocument, OpenApiOperation, OpenApiResponse } from './openapi.js';
import { hasParameter, isProblem } from './problems.js';

/** Response headers, as components of the document. */
const HEADERS = {
  'Accept-Patch': {
    description: 'The media type that PATCH requires.',
    schema: { type: 'string', enum: ['application/merge-patch+json'] },
    example: 'application/merge-patch+json',
  },
  Allow: {
    description: 'With 405: the methods that this path supports.',
    schema: { type: 'string', pattern: '^[A-Z]+(, [A-Z]+)*$', maxLength: 100 },
    example: 'GET, PUT, PATCH, DELETE',
  },
  ETag: {
    description: 'The version of the returned resource, for `If-Match`.',
    schema: { type: 'string', pattern: '^"[1-9][0-9]{0,14}"$', maxLength: 17 },
    example: '"1"',
  },
  'Idempotency-Replayed': {
    description: 'Present if this is the stored first response for the same `Idempotency-Key`.',
    schema: { type: 'string', enum: ['true'] },
    example: 'true',
  },
  Link: {
    description: 'With `rel="next"`: the next page. Absent on the last page.',
    schema: { type: 'string', pattern: '^<[^<>]+>; rel="next"$', maxLength: 16384 },
  },
  Location: {
    description: 'The path of the new resource.',
    schema: { type: 'string', format: 'uri-reference', maxLength: 1000 },
  },
  'Retry-After': {
    description: 'With 429 and 503: seconds to wait before a retry.',
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 60 },
    example: 1,
  },
  traceparent: {
    description: 'W3C Trace Context: continues the trace of the request, or starts a new one.',
    schema: { type: 'string', pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$', maxLength: 55 },
    example: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
  'WWW-Authenticate': {
    description: 'With 401 and 403: the authentication scheme and the error (RFC 6750).',
    schema: { type: 'string', pattern: '^Bearer ', maxLength: 1000 },
    example: 'Bearer realm="accounts-orders", error="invalid_token", error_description="the token has expired"',
  },
  'X-Request-Id': {
    description: 'The `X-Request-Id` of the request, or a new one.',
    schema: { type: 'string', pattern: '^[0-9A-Za-z_.:/+=@-]+$', maxLength: 128 },
    example: '6f2f9d2e-6f0c-4d0c-9a55-0b9a3b6f2c11',
  },
};

type Schemas = Readonly<Record<string, { readonly properties?: object }>>;

/** Returns the headers that follow from a response: a versioned resource has an `ETag`, a page has a `Link`. */
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
    ...(status === '429' || status === '503' ? (['Retry-After'] as const) : []),
    ...(status === 'default' ? (['Allow'] as const) : []),
    'X-Request-Id',
    'traceparent',
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Returns the headers that the responses refer to, as components. */
export function usedHeaders(paths: OpenApiDocument['paths']): Record<string, object> {
  const used = Object.values(paths)
    .flatMap((operations) => Object.values(operations))
    .flatMap(({ responses = {} }) => Object.values(responses))
    .flatMap(({ headers = {} }) => Object.keys(headers));
  return Object.fromEntries(Object.entries(HEADERS).filter(([name]) => used.includes(name)));
}

function propertiesOf(response: OpenApiResponse, schemas: Schemas): object {
  const $ref = response.content?.['application/json']?.schema.$ref;
  return schemas[$ref?.split('/').at(-1) ?? '']?.properties ?? {};
}

function takesPatch({ requestBody }: OpenApiOperation): boolean {
  return 'application/merge-patch+json' in (requestBody?.content ?? {});
}
