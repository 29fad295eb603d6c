import type { OpenApiDocument, OpenApiOperation, OpenApiResponse } from './openapi.js';
import { HEADERS, headersOf } from './headers.js';
import { isProblem, problemsOf } from './problems.js';

/**
 * Returns the published document: adds the response headers and the problems that follow from an operation, so that no
 * controller has to repeat them.
 * @param document as tsoa generates it
 */
export function describeOpenApi(document: OpenApiDocument): OpenApiDocument {
  const { schemas = {}, securitySchemes } = document.components ?? {};
  return {
    ...document,
    servers: [{ url: '/' }],
    paths: mapValues(sortByName(document.paths), (operations, path) =>
      mapValues(operations, (operation) => describeOperation(operation, path, schemas)),
    ),
    components: { schemas: sortByName(schemas), headers: HEADERS, ...(securitySchemes && { securitySchemes }) },
  };
}

function describeOperation(
  operation: OpenApiOperation,
  path: string,
  schemas: Readonly<Record<string, object>>,
): OpenApiOperation {
  const successes = Object.entries(operation.responses ?? {}).filter(([status]) => !isProblem(status));
  const responses: Record<string, OpenApiResponse> = {
    ...Object.fromEntries(successes),
    ...problemsOf(operation, path),
  };
  return {
    ...operation,
    responses: mapValues(responses, (response, status) => ({
      ...response,
      headers: headersOf(status, response, operation, schemas),
    })),
  };
}

function mapValues<Value, Result>(
  object: Readonly<Record<string, Value>>,
  change: (value: Value, name: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}

/** Sorts by name: tsoa's own order depends on the file system. */
function sortByName<Value>(object: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
