// Says in an OpenAPI document what tsoa cannot: the headers of answers, and problems with their media type and examples.
import { exampleProblem } from './example-problem.mjs';
import { headersOf, HEADERS } from './headers.mjs';

/** @typedef {Record<string, any>} Json */

const PROBLEM = 'application/problem+json';

/**
 * The document as it is published.
 * @param {Json} document as tsoa generates it
 * @returns {Json}
 */
export function describe(document) {
  const { schemas, securitySchemes = {} } = document.components;
  const isSecured = Object.keys(securitySchemes).length > 0;
  const described = {
    ...document,
    servers: [{ url: '/' }],
    paths: mapValues(inOrder(document.paths), (operations, path) =>
      mapValues(operations, (operation) => describeOperation(operation, path, schemas)),
    ),
    components: { schemas: inOrder(schemas), headers: HEADERS, ...(isSecured && { securitySchemes }) },
  };
  return /** @type {Json} */ (withPublicNames(described));
}

/**
 * @param {Json} operation
 * @param {string} path
 * @param {Json} schemas
 */
function describeOperation(operation, path, schemas) {
  const responses = {
    ...operation.responses,
    ...(operation.security && refusals(operation.security)),
    default: problem('Any other problem, such as 405 (`Allow` names the methods of the path) or 500'),
  };
  return {
    ...operation,
    responses: mapValues(responses, (response, status) => ({
      ...response,
      headers: headersOf(status, response, operation, schemas),
      ...(status >= '400' && { content: problemContent(response, status, operation, path) }),
    })),
  };
}

/**
 * What whoever may not call is answered.
 * @param {Record<string, string[]>[]} security
 */
function refusals(security) {
  const scopes = security.flatMap((each) => Object.values(each).flat()).map((scope) => `\`${scope}\``);
  return {
    401: problem('No token, or one that is not valid; `WWW-Authenticate` says why'),
    403: problem(`The token does not have the scope ${scopes.join(' ')}`),
  };
}

/** @param {string} description */
function problem(description) {
  return { description, content: { [PROBLEM]: { schema: { $ref: '#/components/schemas/Problem' } } } };
}

/**
 * A problem is `application/problem+json`, also where a decorator of the class names it; and it has an example.
 * @param {Json} response
 * @param {string} status
 * @param {Json} operation
 * @param {string} path
 */
function problemContent(response, status, operation, path) {
  const [{ schema, examples }] = Object.values(response.content);
  const [given] = Object.values(examples ?? {});
  return { [PROBLEM]: { schema, example: exampleProblem(status, operation, path, given?.value) } };
}

/**
 * Clients know nothing of DTOs.
 * @param {unknown} value
 * @returns {unknown}
 */
function withPublicNames(value) {
  return JSON.parse(
    JSON.stringify(value, (name, member) => {
      if (name === 'schemas') return Object.fromEntries(Object.entries(member).map(([key, v]) => [publicName(key), v]));
      return name === '$ref' ? publicName(member) : member;
    }),
  );
}

/** @param {string} name */
function publicName(name) {
  return name.replace(/Dto$/, '');
}

/**
 * @param {Json} object
 * @param {(value: any, name: string) => unknown} change
 * @returns {Json}
 */
function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}

/**
 * The order of the source files is that of the file system.
 * @param {Json} object
 * @returns {Json}
 */
function inOrder(object) {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
