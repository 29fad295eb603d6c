import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { escapePointer } from '../../event/changed-pointers.js';
import { type FieldError, PlatformError } from '../../tools/errors.js';

/** @throws PlatformError `invalid` that names every offending field, and no value: it may be a card number. */
export type Validator = (value: unknown) => void;

/** Compiles schemas that refer into one OpenAPI document, so that what is checked is what is documented. */
export function validatorsOf(document: object): {
  body(schema: object): Validator;
  query(schema: object): Validator;
} {
  const compilerFor = (coerceTypes: boolean) => {
    const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false, coerceTypes });
    ajv.addSchema(withinBounds(document) as object, DOCUMENT);
    return (schema: object): Validator => toValidator(ajv.compile(withinBounds(withDocument(schema)) as object));
  };
  return { body: compilerFor(false), query: compilerFor(true) };
}

const DOCUMENT = 'openapi';

function toValidator(validate: ValidateFunction): Validator {
  return (value) => {
    if (validate(value)) return;
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(toFieldError);
    throw new PlatformError('invalid', 'invalid-request', 'the request does not fit the schema', errors);
  };
}

function toFieldError({ keyword, instancePath, params, message }: ErrorObject): FieldError {
  const details = params as Record<string, unknown>;
  switch (keyword) {
    case 'required':
      return { pointer: `${instancePath}/${escapePointer(String(details.missingProperty))}`, message: 'is required' };
    case 'additionalProperties':
      return {
        pointer: `${instancePath}/${escapePointer(withoutCardNumbers(String(details.additionalProperty)))}`,
        message: 'is not known here',
      };
    case 'enum':
      return { pointer: instancePath, message: `must be one of ${(details.allowedValues as unknown[]).join(', ')}` };
    default:
      return { pointer: instancePath, message: message ?? 'is not valid' };
  }
}

/** A client that puts a card number where a name belongs does not get it back. */
function withoutCardNumbers(name: string): string {
  return name.replaceAll(/\d[\d -]{10,}\d/g, '***');
}

/** Points the references of a part of the document at the document. */
function withDocument(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withDocument);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) =>
      name === '$ref' ? [name, `${DOCUMENT}${String(value)}`] : [name, withDocument(value)],
    ),
  );
}

/** Does not look into an array that is too long: every error in 87,000 wrong items took minutes to collect. */
function withinBounds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withinBounds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const bounded = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withinBounds(value)]));
  const { items, ...others } = bounded;
  if (items === undefined || typeof others.maxItems !== 'number') return bounded;
  return { ...others, if: { maxItems: others.maxItems }, then: { items } };
}
