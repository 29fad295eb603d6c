import { describe, expect, it } from '@jest/globals';
import { UnreadableRecord } from './parse-cloud-event.js';
import { tolerantCheck } from './message-schemas.js';

const SECRET = '4111111111111111';
const closed = { type: 'object', additionalProperties: false } as const;
const schemas = [
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:schema:test.item.created:v1',
    ...closed,
    required: ['item'],
    properties: { item: { $ref: 'urn:schema:test.item:v1' } },
  },
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:schema:test.item:v1',
    ...closed,
    required: ['id', 'kind', 'parts'],
    properties: {
      id: { type: 'string', pattern: '^[a-z]+$' },
      kind: { enum: ['SMALL', 'LARGE'] },
      at: { type: 'string', format: 'date-time' },
      parts: {
        type: 'array',
        maxItems: 2,
        items: { ...closed, required: ['size'], properties: { size: { type: 'integer', minimum: 1 } } },
      },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
];
const item = { id: 'a', kind: 'SMALL', parts: [{ size: 1 }] };
const check = tolerantCheck(schemas);

function refusalOf(data: unknown): string {
  try {
    check('urn:schema:test.item.created:v1', data);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableRecord);
    return (error as Error).message;
  }
  throw new Error('it fits');
}

describe('the check of what was read', () => {
  it.each([
    ['what the schema says', { item }],
    ['more at the top', { item, more: 1 }],
    ['more in what the schema refers to', { item: { ...item, more: [1] } }],
    ['more in a part of a list', { item: { ...item, parts: [{ size: 1, more: null }] } }],
    ['a time in whatever format', { item: { ...item, at: 'soon' } }],
  ])('passes %s', (_what, data) => {
    expect(() => check('urn:schema:test.item.created:v1', data)).not.toThrow();
  });

  it.each([
    ['no data', undefined, 'data must be object'],
    ['data that is no object', SECRET, 'data must be object'],
    ['a member that is missing', {}, "data must have required property 'item'"],
    ['a type', { item: SECRET }, 'data/item must be object'],
    ['a pattern', { item: { ...item, id: SECRET } }, 'data/item/id must match pattern "^[a-z]+$"'],
    ['an enum', { item: { ...item, kind: SECRET } }, 'data/item/kind must be equal to one of the allowed values'],
    ['a part', { item: { ...item, parts: [{ size: 1 }, { size: SECRET }] } }, 'data/item/parts/1/size must be integer'],
    ['a limit', { item: { ...item, parts: [1, 2, 3] } }, 'data/item/parts must NOT have more than 2 items'],
  ])('says where and why of %s, and no value', (_what, data, reason) => {
    expect(refusalOf(data)).toBe(reason);
  });

  it('holds unknown properties to what the schema says of them, if it says anything', () => {
    expect(refusalOf({ item: { ...item, labels: { colour: 1 } } })).toContain('must be string');
  });

  it('does not take a schema that is missing for a record that is wrong', () => {
    expect(() => check('urn:schema:test.item.created:v2', { item })).toThrow(/^there is no schema/);
    expect(() => check('urn:schema:test.item.created:v2', { item })).not.toThrow(UnreadableRecord);
  });

  it('compiles nothing before the first record', () => {
    const late = tolerantCheck([{ $id: 'urn:schema:test.item.created:v1', type: 'nonsense' }]);
    expect(() => late('urn:schema:test.item.created:v1', { item })).toThrow(/nonsense/);
  });
});
