/** @typedef {Record<string, any>} Json */

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

/**
 * The headers of an answer follow from what it is: a thing with a version has an `ETag`, a page has a `Link`.
 * @param {string} status
 * @param {Json} response
 * @param {Json} operation
 * @param {Json} schemas
 */
export function headersOf(status, response, operation, schemas) {
  const properties = propertiesOf(response, schemas);
  const succeeds = status < '300';
  const names = [
    ...(succeeds && 'version' in properties ? ['ETag'] : []),
    ...(succeeds && 'next' in properties ? ['Link'] : []),
    ...(status === '201' ? ['Location'] : []),
    ...(succeeds && takesHeader(operation, 'Idempotency-Key') ? ['Idempotency-Replayed'] : []),
    ...(status === '401' || status === '403' ? ['WWW-Authenticate'] : []),
    ...(status === '415' && takesPatch(operation) ? ['Accept-Patch'] : []),
    ...(status === '503' ? ['Retry-After'] : []),
    ...(status === 'default' ? ['Allow'] : []),
    'X-Request-Id',
    'traceparent',
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/**
 * @param {Json} response
 * @param {Json} schemas
 * @returns {Json}
 */
function propertiesOf(response, schemas) {
  const $ref = response.content?.['application/json']?.schema.$ref;
  return schemas[$ref?.split('/').at(-1)]?.properties ?? {};
}

/**
 * @param {Json} operation
 * @param {string} header
 */
function takesHeader({ parameters = [] }, header) {
  return parameters.some((/** @type {Json} */ { name }) => name === header);
}

/** @param {Json} operation */
function takesPatch({ requestBody }) {
  return 'application/merge-patch+json' in (requestBody?.content ?? {});
}
