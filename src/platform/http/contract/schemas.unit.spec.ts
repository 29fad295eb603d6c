import { describe, expect, it } from '@jest/globals';
import { completeSchema } from './schemas.js';

describe('a generated schema', () => {
  it.each([
    ['a nullable text', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      'a nullable enumeration',
      { type: 'string', enum: ['a'], nullable: true },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'a nullable reference',
      { allOf: [{ $ref: '#/a' }], nullable: true },
      { anyOf: [{ allOf: [{ $ref: '#/a' }] }, { type: 'null' }] },
    ],
    ['an example', { type: 'string', example: 'a' }, { type: 'string', examples: ['a'] }],
    [
      'parts',
      { items: { properties: { a: { nullable: true, type: 'number' } } } },
      { items: { properties: { a: { type: ['number', 'null'] } } } },
    ],
  ])('gets the form of OpenAPI 3.1: %s', (_what, generated, expected) => {
    expect(completeSchema(generated)).toEqual(expected);
  });

  it('leaves fields alone whose names are those of keywords', () => {
    const properties = { nullable: { type: 'boolean' }, example: { type: 'string' }, format: { type: 'string' } };
    expect(completeSchema({ type: 'object', properties })).toEqual({ type: 'object', properties });
  });

  it('gets the limits of its format, unless it has narrower ones', () => {
    expect(completeSchema({ type: 'string', format: 'uuid' })).toMatchObject({ minLength: 36, maxLength: 36 });
    expect(completeSchema({ type: 'integer', format: 'int32', minimum: 1 })).toEqual({
      ...{ type: 'integer', format: 'int32' },
      ...{ minimum: 1, maximum: 2_147_483_647 },
    });
  });
});
