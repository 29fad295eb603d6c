import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import type { CloudEvent } from '../../src/platform/event/cloud-event.js';
import { PERSONAL } from '../../src/platform/event/message-schemas.js';
import { SEALED_PART_SCHEMA } from '../../src/platform/event/sealed-part-schema.js';

interface Sample {
  readonly file: string;
  readonly event: CloudEvent;
}

/** Every message of a context that was ever published in some form, as it went onto the log. */
export function goldenSamples(context: string): Sample[] {
  return jsonFiles(`src/${context}/messages/samples`).map(([file, json]) => ({ file, event: json as CloudEvent }));
}

/** Validators of a context's message schemas, by the `dataschema` that names them. */
export function messageSchemas(context: string): (dataschema: string) => ValidateFunction {
  const ajv = schemaValidator();
  ajv.addSchema(SEALED_PART_SCHEMA);
  for (const [, schema] of jsonFiles(`src/${context}/messages/schemas`)) ajv.addSchema(schema);
  return (dataschema) => {
    const validate = ajv.getSchema(dataschema);
    if (!validate) throw new Error(`no schema ${dataschema}`);
    return validate;
  };
}

/** An empty, strict validator that knows our annotation. */
export function schemaValidator(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: true });
  ajv.addVocabulary([PERSONAL]);
  formats.default.default(ajv as never);
  return ajv;
}

function jsonFiles(folder: string): [file: string, json: object][] {
  return readdirSync(folder)
    .sort()
    .map((file) => [file, JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as object]);
}
