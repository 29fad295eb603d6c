import { ErrorWithoutValues } from '../tools/errors.js';
import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import { UnreadableRecord } from './parse-cloud-event.js';

/** A JSON Schema. The `$id` `urn:schema:<type>:v<major>` equals the `dataschema` of the messages. */
export interface MessageSchema {
  readonly $id: string;
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

/** An event violates its context's published schema: a programming error. The message contains no values. */
export class ContractViolation extends ErrorWithoutValues {
  constructor(dataschema: string, violations: readonly string[]) {
    super(`an event does not fit ${dataschema}: ${violations.join(', ')}`);
    this.name = 'ContractViolation';
  }
}

/** RFC 3339 in UTC, the form that events have. */
const DATE_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/**
 * Annotates a member of an event's data: JSON Pointer to the id of the person whom it describes, in the data; `false` for
 * a text that describes no person.
 */
export const PERSONAL = 'x-personal';

function newAjv(schemas: readonly MessageSchema[], options: Options): Ajv2020 {
  const ajv = new Ajv2020({ ...options, keywords: [PERSONAL] });
  ajv.addSchema([...schemas]);
  return ajv;
}

interface Compiled {
  readonly ajv: Ajv2020;
  readonly validators: Map<string, ValidateFunction>;
}

const compiled = new WeakMap<readonly MessageSchema[], Compiled>();

/**
 * Compiles one of these schemas, unless it is compiled already.
 * @throws ContractViolation when it is missing, Error when it cannot be compiled
 */
export function compileSchema(schemas: readonly MessageSchema[], dataschema: string): ValidateFunction {
  let known = compiled.get(schemas);
  // Tests validate the schemas themselves; doing it here would take as long as compiling them.
  const options = { strict: true, meta: false, validateSchema: false, formats: { 'date-time': DATE_TIME } };
  known ??= { ajv: newAjv(schemas, options), validators: new Map() };
  compiled.set(schemas, known);
  const isThere = schemas.some(({ $id }) => $id === dataschema);
  const validate = isThere ? known.ajv.getSchema(dataschema) : undefined;
  if (!validate) throw new ContractViolation(dataschema, ['there is no such schema']);
  known.validators.set(dataschema, validate);
  return validate;
}

/**
 * Checks the data of an event to be published strictly against its schema: unknown members are not allowed.
 * @throws errors of {@link compileSchema}, and ContractViolation when the data is invalid
 */
export function holdToSchema(schemas: readonly MessageSchema[], dataschema: string, data: unknown): void {
  const validate = compiled.get(schemas)?.validators.get(dataschema) ?? compileSchema(schemas, dataschema);
  if (validate(data)) return;
  const violations = validate.errors ?? [];
  throw new ContractViolation(
    dataschema,
    violations.map(({ instancePath, keyword }) => `${instancePath || 'data'} (${keyword})`),
  );
}

/** @throws UnreadableRecord when the data is invalid; it names the place and the reason, but no value */
export type DataCheck = (dataschema: string, data: unknown) => void;

/**
 * Returns a check for readers, which ignores unknown members at any depth: during a rolling update, an old instance
 * reads events of a new one.
 * @example
 * const check = tolerantCheck([{ $id: 'urn:schema:orders.order.placed:v1', ...schema }]);
 * check(event.dataschema, event.data);
 */
export function tolerantCheck(schemas: readonly MessageSchema[]): DataCheck {
  const validators = new Map<string, ValidateFunction>();
  let ajv: Ajv2020 | undefined;

  // Compiles at the first record, because it takes longer than the rest of a start.
  const compile = (dataschema: string): ValidateFunction => {
    // Tests validate the schemas themselves.
    ajv ??= newAjv(schemas.map(withRoomForMore), { meta: false, validateSchema: false, validateFormats: false });
    const validate = ajv.getSchema(dataschema);
    if (!validate) throw new Error(`there is no schema ${dataschema}`);
    validators.set(dataschema, validate);
    return validate;
  };

  return (dataschema, data) => {
    const validate = validators.get(dataschema) ?? compile(dataschema);
    if (validate(data)) return;
    const [error] = validate.errors ?? [];
    throw new UnreadableRecord(`data${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`);
  };
}

function withRoomForMore(schema: MessageSchema): MessageSchema {
  return JSON.parse(JSON.stringify(schema), (keyword, value: unknown) =>
    (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') && value === false ? undefined : value,
  ) as MessageSchema;
}
