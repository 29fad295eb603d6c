import type { OpenApiDocument, OpenApiOperation, OpenApiResponse } from './openapi.js';
import { HEADERS, headersOf } from './headers.js';
import { isProblem, problemsOf } from './problems.js';

/**
 * The document as it is published: with what follows from an operation and need not be said with it, such as headers of
 * answers, and problems that the platform answers everywhere.
 * @param document as tsoa generates it
 */
export function describeOpenApi(document: OpenApiDocument): OpenApiDocument {
  const { schemas = {}, securitySchemes } = document.components ?? {};
  return {
    ...document,
    servers: [{ url: '/' }],
    paths: mapValues(inOrder(document.paths), (operations, path) =>
      mapValues(operations, (operation) => describeOperation(operation, path, schemas)),
    ),
    components: { schemas: inOrder(schemas), headers: HEADERS, ...(securitySchemes && { securitySchemes }) },
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

/** The order of the source files is that of the file system. */
function inOrder<Value>(object: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
