/** @typedef {Record<string, any>} Json */

/**
 * What the platform answers with a status; a controller says more where it knows more.
 * @type {Readonly<Record<string, (operation: Json) => { code: string, detail?: string, errors?: object[] }>>}
 */
const PROBLEMS = {
  400: () => ({
    code: 'malformed-request',
    detail: 'the request cannot be read: its body is not JSON, or its path or encoding is broken',
  }),
  401: () => ({ code: 'invalid-token', detail: 'the token has expired' }),
  403: ({ security: [{ bearer }] }) => ({
    code: 'insufficient-scope',
    detail: `the token does not have the scope ${bearer.join(' ')}`,
  }),
  409: () => ({ code: 'request-in-flight', detail: 'a request under this Idempotency-Key is being carried out' }),
  410: () => ({ code: 'gone', detail: 'what was answered under this key has been erased' }),
  412: () => ({ code: 'stale', detail: 'If-Match does not name the current version, 3' }),
  413: () => ({ code: 'body-too-large', detail: 'the body is larger than HTTP_BODY_LIMIT' }),
  415: ({ requestBody }) => ({
    code: 'unsupported-media-type',
    detail: `send ${Object.keys(requestBody?.content ?? { 'application/json': {} })[0]}`,
  }),
  422: (operation) => ({
    code: 'invalid-request',
    detail: 'the request does not fit the schema',
    errors: [wrongField(operation)],
  }),
  503: () => ({ code: 'unavailable', detail: 'the database does not answer' }),
  default: () => ({ code: 'internal-error' }),
};

/**
 * An example of what an operation answers with a status that is no success.
 * @param {string} status
 * @param {Json} operation
 * @param {string} path
 * @param {Json} [given] what the controller says of it
 */
export function exampleProblem(status, operation, path, given) {
  const { errors, ...problem } = given ?? platformProblem(status, operation);
  return { ...problem, instance: filledIn(path, operation.parameters), ...(errors && { errors }) };
}

/**
 * @param {string} status
 * @param {Json} operation
 * @returns {Json}
 */
function platformProblem(status, operation) {
  const problem = PROBLEMS[status];
  if (!problem) throw new Error(`${operation.operationId}: give the answer ${status} an example`);
  const { code, ...more } = problem(operation);
  const words = code.replaceAll('-', ' ');
  return {
    type: `urn:problem:${code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: status === 'default' ? 500 : Number(status),
    ...more,
  };
}

/** @param {Json} operation */
function wrongField({ requestBody, parameters = [] }) {
  if (requestBody) return { pointer: '/colour', message: 'is not known here' };
  const hasLimit = parameters.some((/** @type {Json} */ { name }) => name === 'limit');
  return hasLimit
    ? { pointer: '/limit', message: 'must be <= 200' }
    : { pointer: '/colour', message: 'is not known here' };
}

/**
 * @param {string} path
 * @param {Json[]} [parameters]
 */
function filledIn(path, parameters = []) {
  return path.replaceAll(/\{([^}]+)\}/g, (_, name) => parameters.find((p) => p.name === name)?.example ?? name);
}
