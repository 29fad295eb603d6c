import { MAX_HEADER_VALUE } from '../resources/header-value.js';
import type { OpenApiParameter } from './openapi.js';
import { completeSchema } from './schemas.js';

/** Any value that the server's parser lets through (RFC 9110). */
const fieldValue = { maxLength: MAX_HEADER_VALUE, pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' };

/** The limits of parameters that the platform itself reads. */
const LIMITS: Readonly<Record<string, object>> = {
  'Idempotency-Key': { maxLength: 255 },
  // Any other value names no version, so the response is 412.
  'If-Match': fieldValue,
  // Preferences that are not understood are ignored (RFC 7240).
  Prefer: fieldValue,
  // Opaque, so its format is not checked: the response to a cursor that was not issued is 400. A cursor has the values
  // of the sort fields, which are at most a few hundred characters.
  cursor: { format: 'base64url', maxLength: 4000 },
};

/** Platform creates the ids of aggregates. In a path, any other text names nothing: the response is 404. */
const ID = { format: 'uuid' };
/** As a filter, any other text finds nothing. */
const FILTER = { maxLength: 200 };

/** Returns a parameter with the limits that platform gives it; its own limits have precedence. */
export function completeParameter(parameter: OpenApiParameter): OpenApiParameter {
  const { name, schema } = parameter;
  const isId = name.endsWith('Id') && !('pattern' in schema || 'format' in schema || 'enum' in schema);
  const id = parameter.in === 'path' ? ID : FILTER;
  return { ...parameter, schema: completeSchema({ ...LIMITS[name], ...(isId && id), ...schema }) };
}
