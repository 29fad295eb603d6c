/** A JSON Schema as tsoa generates it, in the dialect of OpenAPI 3.0. */
interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, object>>;
  readonly items?: object;
  readonly [keyword: string]: unknown;
}

/** The limits that follow from a format. The schema of a field may have narrower ones. */
const LIMITS_OF_FORMAT: Readonly<Record<string, object>> = {
  uuid: { minLength: 36, maxLength: 36 },
  // RFC 3339 with nine digits of a second and an offset; see resources/time.ts.
  'date-time': { maxLength: 35 },
  int32: { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  // Numbers beyond these are not exact in JavaScript.
  int64: { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
};

const SUBSCHEMAS = ['allOf', 'anyOf', 'oneOf'] as const;

/**
 * Returns a generated schema in the dialect of OpenAPI 3.1 (JSON Schema 2020-12), with the limits that follow from its
 * formats, so that no shape has to repeat them.
 */
export function completeSchema(generated: object): object {
  const { nullable, example, ...schema } = generated as Schema;
  const { type, format, properties, items, enum: values } = schema;
  const parts = SUBSCHEMAS.flatMap((name) =>
    schema[name] ? [[name, (schema[name] as object[]).map(completeSchema)]] : [],
  );
  const completed = {
    ...LIMITS_OF_FORMAT[format ?? ''],
    ...schema,
    ...(Object.fromEntries(parts) as object),
    ...(properties && { properties: completeSchemas(properties) }),
    ...(items && { items: completeSchema(items) }),
    ...(example !== undefined && { examples: [example] }),
  };
  if (!nullable) return completed;
  if (type === undefined) return { anyOf: [completed, { type: 'null' }] };
  return { ...completed, type: [type, 'null'], ...(values && { enum: [...new Set([...values, null])] }) };
}

/** Does the same for schemas by name. */
export function completeSchemas(schemas: Readonly<Record<string, object>>): Record<string, object> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, completeSchema(schema)]));
}
