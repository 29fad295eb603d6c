import { type MessageSchema, PERSONAL } from './message-schemas.js';

const TEXT = { [PERSONAL]: false, type: 'string' };

/** The schema of the sealed part of an event's data, to which the schemas of contexts refer. */
export const SEALED_PART_SCHEMA: MessageSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:schema:sealed:v1',
  title: 'Sealed part',
  description:
    'The personal members of the data, by JSON Pointer, as one JSON object that is compressed and encrypted with the key of the person.',
  type: 'object',
  properties: {
    kid: {
      ...TEXT,
      description: 'The key: the first 16 bytes of its SHA-256, in hexadecimal.',
      pattern: '^[0-9a-f]{32}$',
    },
    alg: { description: 'AES-256-GCM.', const: 'A256GCM' },
    zip: { description: 'Raw DEFLATE with the dictionary d1, padded with zeros to 16 bytes.', const: 'DEF-d1' },
    box: {
      ...TEXT,
      description:
        'Initialization vector (12 bytes), ciphertext and tag (16 bytes), in base64. `subject|sequence|type|dataschema` of the event is authenticated with it.',
    },
    person: {
      ...TEXT,
      description:
        'JSON Pointer to the id of the person in the data. Without it, the person is the subject of the event.',
    },
  },
  required: ['kid', 'alg', 'zip', 'box'],
  additionalProperties: false,
};
