import type { MessageSchema } from '../event/message-schemas.js';
import { personalFieldsOf } from '../privacy/personal-fields.js';

/** Returns JSON Pointers to what is sealed of the data that a schema describes. */
export function sealedPointersOf(schemas: readonly MessageSchema[], dataschema: string): readonly string[] {
  return (personalFieldsOf(schemas, dataschema)?.members ?? []).map(({ text }) => text);
}
