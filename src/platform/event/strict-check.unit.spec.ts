import { describe, expect, it } from '@jest/globals';
import type { EventStream } from './event-stream.js';
import { compileSchemasOf, composeEvent } from './compose-event.js';
import { ContractViolation, holdToSchema } from './message-schemas.js';

const SCHEMAS = [
  {
    $id: 'urn:schema:a.b.done:v1',
    type: 'object',
    properties: { thing: { $ref: 'urn:schema:a.b:v1' }, at: { type: 'string', format: 'date-time' } },
    required: ['thing'],
    additionalProperties: false,
  },
  { $id: 'urn:schema:a.b:v1', type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
];
const STREAM: EventStream = {
  topic: 't',
  source: '/a',
  typePrefix: 'a.b',
  member: 'b',
  schemaVersions: { done: 1 },
  schemas: SCHEMAS,
};
const hold = (data: unknown) => holdToSchema(SCHEMAS, 'urn:schema:a.b.done:v1', data);

describe('holding an event to its own schema', () => {
  it.each([[{ thing: { name: 'n' } }], [{ thing: { name: 'n' }, at: '2026-11-23T04:10:20.697Z' }]])(
    'lets pass what fits: %j',
    (data) => {
      expect(() => hold(data)).not.toThrow();
    },
  );

  it.each<[unknown, string]>([
    [{ thing: { name: 's3cr3t' }, more: 's3cr3t' }, 'data (additionalProperties)'],
    [{ thing: { name: 4711 } }, '/thing/name (type)'],
    [{ thing: {} }, '/thing (required)'],
    [{ thing: { name: 'n' }, at: 's3cr3t' }, '/at (format)'],
    [{ thing: { name: 'n' }, at: '2026-13-23T04:10:20.697Z' }, '/at (format)'],
    [null, 'data (type)'],
  ])('refuses what does not, by its place and without a value: %j', (data, place) => {
    expect(() => hold(data)).toThrow(new ContractViolation('urn:schema:a.b.done:v1', [place]));
  });

  it('refuses an event of a type that has no schema', () => {
    const event = { type: 'forgotten', data: { thing: { name: 'n' } } };
    const place = { id: 'i', version: 1, time: '2026-11-23T04:10:20.697Z' };
    expect(() => composeEvent(STREAM, event, place)).toThrow('urn:schema:a.b.forgotten:v1: there is no such schema');
  });

  it('finds out at start which schema is missing, or is none', () => {
    expect(() => compileSchemasOf(STREAM)).not.toThrow();
    expect(() => compileSchemasOf({ ...STREAM, schemaVersions: { done: 2 } })).toThrow('urn:schema:a.b.done:v2');
    expect(() => compileSchemasOf({ ...STREAM, schemas: SCHEMAS.slice(0, 1) })).toThrow("can't resolve reference");
    const unknown = { $id: 'urn:schema:a.b.done:v1', typ: 'object' };
    expect(() => compileSchemasOf({ ...STREAM, schemas: [unknown] })).toThrow('unknown keyword: "typ"');
  });
});
