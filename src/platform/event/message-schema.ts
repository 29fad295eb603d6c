/** A JSON Schema. `urn:schema:<type>:v<major>` names the data of a type of message, as `dataschema` does. */
export interface MessageSchema {
  readonly $id: string;
  readonly description?: string;
  readonly [keyword: string]: unknown;
}
