import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { MessageSchema } from './message-schema.js';
import { UnreadableRecord } from './parse-cloud-event.js';

/** @throws UnreadableRecord when the data does not fit the schema; it says where and why, and names no value. */
export type DataCheck = (dataschema: string, data: unknown) => void;

/**
 * Checks the data of events as a reader should: properties that the schemas do not name pass, at any depth. While
 * instances are being replaced, an old one reads what a new one adds.
 */
export function tolerantCheck(schemas: readonly MessageSchema[]): DataCheck {
  const validators = new Map<string, ValidateFunction>();
  let ajv: Ajv2020 | undefined;

  // At the first record, not before: compiling takes longer than the rest of a start.
  const compile = (dataschema: string): ValidateFunction => {
    // Tests hold the schemas to their dialect.
    ajv ??= new Ajv2020({
      schemas: schemas.map(withRoomForMore),
      meta: false,
      validateSchema: false,
      validateFormats: false,
    });
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
