import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { escapePointer } from '../../event/changed-pointers.js';
import { type FieldError, PlatformError } from '../../tools/errors.js';
import { hasCardNumber } from '../../tools/card-numbers.js';

/** @throws PlatformError `invalid` that lists every invalid field without its value, which may be a card number */
export type Validator = (value: unknown) => void;

/** Compiles schemas with references into an OpenAPI document, so that validation and documentation cannot differ. */
export function validatorsOf(document: object): {
  body(schema: object): Validator;
  query(schema: object): Validator;
} {
  const compilerFor = (coerceTypes: boolean) => {
    const ajv = new Ajv({ allErrors: true, strict: false, formats: CHECKED_FORMATS, logger: false, coerceTypes });
    ajv.addKeyword({
      keyword: NO_CARD_NUMBER,
      type: 'string',
      validate: (_: unknown, text: string) => !hasCardNumber(text),
    });
    const checked = (schema: unknown) => withoutCards(withinBounds(schema)) as object;
    ajv.addSchema(checked(document), DOCUMENT);
    return (schema: object): Validator => toValidator(ajv.compile(checked(withDocument(schema))));
  };
  return { body: compilerFor(false), query: compilerFor(true) };
}

const DOCUMENT = 'openapi';
const NO_CARD_NUMBER = 'noCardNumber';
/** Characters of an unknown member's name in a response. */
const MAX_SHOWN_NAME = 200;
/** Other formats are described, not checked: parsers with more to say check them. */
const CHECKED_FORMATS = { uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i };

function toValidator(validate: ValidateFunction): Validator {
  return (value) => {
    if (validate(value)) return;
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(toFieldError);
    throw new PlatformError('invalid', 'invalid-request', 'the request does not match the schema', errors);
  };
}

function toFieldError({ keyword, instancePath, params, message }: ErrorObject): FieldError {
  const details = params as Record<string, unknown>;
  switch (keyword) {
    case 'required':
      return { pointer: `${instancePath}/${escapePointer(String(details.missingProperty))}`, message: 'is required' };
    case 'additionalProperties':
      return {
        pointer: `${instancePath}/${escapePointer(shownName(String(details.additionalProperty)))}`,
        message: 'is unknown',
      };
    case 'enum':
      return { pointer: instancePath, message: `must be one of ${(details.allowedValues as unknown[]).join(', ')}` };
    case NO_CARD_NUMBER:
      return { pointer: instancePath, message: 'must not contain a card number' };
    default:
      return { pointer: instancePath, message: message ?? 'is not valid' };
  }
}

/** A client may send a card number as a member's name; the response must not repeat it, nor a very long name. */
function shownName(name: string): string {
  const shown = name.replaceAll(/\d(?:[^\da-z]*\d){11,}/gi, '***');
  // Not between the halves of a surrogate pair.
  return shown.length > MAX_SHOWN_NAME ? `${shown.slice(0, MAX_SHOWN_NAME).replace(/[\ud800-\udbff]$/, '')}...` : shown;
}

/** Lets no text have a card number, except where its format says that it is one. An enum has its own values only. */
function withoutCards(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutCards);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { type, format, enum: values } = schema as { type?: unknown; format?: unknown; enum?: unknown };
  const checked = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withoutCards(value)]));
  return [type].flat().includes('string') && format !== 'card-number' && !values
    ? { ...checked, [NO_CARD_NUMBER]: true }
    : checked;
}

/** Makes the references in a part of the document point into the document. */
function withDocument(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withDocument);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]) =>
      name === '$ref' ? [name, `${DOCUMENT}${String(value)}`] : [name, withDocument(value)],
    ),
  );
}

/** Skips the items of an array that is too long: collecting every error of 87,000 invalid items took minutes. */
function withinBounds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withinBounds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const bounded = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withinBounds(value)]));
  const { items, ...others } = bounded;
  if (items === undefined || typeof others.maxItems !== 'number') return bounded;
  return { ...others, if: { maxItems: others.maxItems }, then: { items } };
}
