import type { AsyncApiDocument, MessageSchema } from './async-api-document.js';

/** A field of a message, for a table. */
export interface Field {
  /** `customer.addresses[].city` */
  readonly path: string;
  readonly type: string;
  /** In words: `at most 3 items`. */
  readonly limits: readonly string[];
  /** Whether it is there whenever its parent is. */
  readonly required: boolean;
  /** Whether it describes a person, alone or with the field that it is part of. */
  readonly personal: boolean;
  readonly description?: string | undefined;
}

/** Returns the fields of a schema, parents before their parts. */
export function fieldsOf(document: AsyncApiDocument, schema: MessageSchema): Field[] {
  return partsOf(document, schema, { path: '', personal: false, within: [] });
}

interface Place {
  readonly path: string;
  readonly personal: boolean;
  /** The schemas around this place; one of them again would not end. */
  readonly within: readonly MessageSchema[];
}

function partsOf(document: AsyncApiDocument, schema: MessageSchema, place: Place): Field[] {
  const { path, within } = place;
  const resolved = resolve(document, schema);
  if (within.includes(resolved)) return [];
  const around = { ...place, within: [...within, resolved] };
  const { allOf = [], properties = {}, required = [], items } = resolved;
  return [
    ...allOf.flatMap((part) => partsOf(document, part, around)),
    ...Object.entries(properties).flatMap(([name, part]) => {
      const property = { ...around, path: path === '' ? name : `${path}.${name}` };
      return fieldAndParts(document, part, property, required.includes(name));
    }),
    ...(items ? partsOf(document, items, { ...around, path: `${path}[]` }) : []),
  ];
}

function fieldAndParts(
  document: AsyncApiDocument,
  schema: MessageSchema,
  { path, personal: ofParent, within }: Place,
  required: boolean,
): Field[] {
  const resolved = resolve(document, schema);
  const person = resolved['x-personal'];
  const personal = person === undefined ? ofParent : person !== false;
  const field = {
    ...{ path, required, personal },
    type: typeOf(document, resolved),
    limits: limitsOf(resolved),
    description: resolved.description,
  };
  return [field, ...partsOf(document, resolved, { path, personal, within })];
}

/** Follows a reference into the document. */
export function resolve(document: AsyncApiDocument, schema: MessageSchema): MessageSchema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
}

function typeOf(
  document: AsyncApiDocument,
  { type, format, items, const: value, enum: values }: MessageSchema,
): string {
  if (value !== undefined) return JSON.stringify(value);
  if (values) return values.map((each) => JSON.stringify(each)).join(' | ');
  if (type === undefined) return 'any';
  if (items) return `list of ${typeOf(document, resolve(document, items))}`;
  const name = [type].flat().join(' | ');
  return format === undefined ? name : `${name}, ${format}`;
}

function limitsOf({ minimum, minLength, maxLength, minItems, maxItems, pattern }: MessageSchema): string[] {
  return [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(minLength === undefined ? [] : [`at least ${minLength} ${minLength === 1 ? 'character' : 'characters'}`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(minItems === undefined ? [] : [`at least ${minItems} ${minItems === 1 ? 'item' : 'items'}`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems} items`]),
    ...(pattern === undefined ? [] : [`matches \`${pattern}\``]),
  ];
}
