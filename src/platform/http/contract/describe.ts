import type { OpenApiDocument, OpenApiOperation, OpenApiResponse } from './openapi.js';
import { headersOf, usedHeaders } from './headers.js';
import { completeParameter } from './parameters.js';
import { isProblem, problemsOf } from './problems.js';
import { completeSchemas } from './schemas.js';

/** Relative, because a gateway may add a prefix. The API is for clients of the system, and not only for its own parts. */
export const SERVERS = [{ url: '/', 'x-internal': false }];

/**
 * Returns the published document, in OpenAPI 3.1: adds the response headers, the problems and the limits that follow
 * from an operation, so that no controller has to repeat them.
 * @param document as tsoa generates it, in OpenAPI 3.0
 */
export function describeOpenApi(document: OpenApiDocument): OpenApiDocument {
  const { schemas = {}, securitySchemes } = document.components ?? {};
  const paths = mapValues(sortByName(document.paths), (operations, path) =>
    mapValues(operations, (operation) => describeOperation(operation, path, schemas)),
  );
  return {
    ...document,
    openapi: '3.1.0',
    servers: SERVERS,
    paths,
    components: {
      schemas: sortByName(completeSchemas(schemas)),
      headers: usedHeaders(paths),
      ...(securitySchemes && { securitySchemes }),
    },
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
    ...(operation.parameters && { parameters: operation.parameters.map(completeParameter) }),
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
