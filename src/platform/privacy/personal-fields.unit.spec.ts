import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { escapePointer } from '../event/changed-pointers.js';
import type { SealedPart } from '../event/cloud-event.js';
import { type MessageSchema, PERSONAL } from '../event/message-schemas.js';
import { newDataKey } from './data-key.js';
import { sealedPointersOf } from '../testing/sealed-pointers.js';
import { join, type PersonalFields, personalFieldsOf, sealData, split } from './personal-fields.js';
import { openPart } from './sealed-part.js';

type Json = Readonly<Record<string, unknown>>;

const EVENT = 'urn:schema:test.item.created:v1';
const NAME = { [PERSONAL]: '/item/id', type: 'string' };

function schemasOf(members: Json, ...others: MessageSchema[]): MessageSchema[] {
  return [{ $id: EVENT, properties: { item: { type: 'object', properties: members } } }, ...others];
}

const pointersIn = (members: Json, ...others: MessageSchema[]) =>
  sealedPointersOf(schemasOf(members, ...others), EVENT);
const fieldsOf = (members: Json) => personalFieldsOf(schemasOf(members), EVENT) as PersonalFields;

describe('the personal members of an event', () => {
  it('are those that the schema annotates, also in the schemas that it refers to', () => {
    const owner = { $id: 'urn:schema:test.owner:v1', properties: { city: { type: 'string' }, name: NAME } };
    const pointers = pointersIn({ title: NAME, size: { type: 'integer' }, owner: { $ref: owner.$id } }, owner);
    expect(pointers).toEqual(['/item/owner/name', '/item/title']);
  });

  it('are whole: what is annotated inside of one is a part of it', () => {
    const owner = { [PERSONAL]: '/item/id', properties: { name: NAME } };
    expect(pointersIn({ owner })).toEqual(['/item/owner']);
  });

  it('may have names with any character', () => {
    expect(pointersIn({ 'a/b~c': NAME })).toEqual(['/item/a~1b~0c']);
  });

  it('are none if the schema annotates none, says false, or is not there', () => {
    expect(fieldsOf({ size: { type: 'integer' } })).toBeUndefined();
    expect(fieldsOf({ size: { [PERSONAL]: false, type: 'string' } })).toBeUndefined();
    expect(personalFieldsOf([], EVENT)).toBeUndefined();
  });

  it('cannot be those of two persons', () => {
    expect(() => fieldsOf({ name: NAME, other: { [PERSONAL]: '/item/otherId' } })).toThrow('more than one person');
  });

  it.each([
    ['an item', { items: NAME }],
    ['a member of an item', { items: { properties: { name: NAME } } }],
    ['a member of an item of an item', { items: { items: { properties: { name: NAME } } } }],
  ])('cannot be %s of a list', (_what, list) => {
    expect(() => fieldsOf({ list: { type: 'array', ...list } })).toThrow('inside a list');
  });
});

/** Unlike assigning, this makes a member of `__proto__`, too. */
function objectOf(members: readonly (readonly [string, unknown])[]): Json {
  return Object.fromEntries(members) as Json;
}

/** Objects with names that are hard to get right, two levels deep. */
const token = fc.oneof(
  fc.constantFrom('a', '/', '~', '~1', '~0/', '', '__proto__', 'constructor', 'toString', '0'),
  fc.string(),
);
const objects = (member: fc.Arbitrary<unknown>) => fc.array(fc.tuple(token, member), { maxLength: 5 }).map(objectOf);
const state = objects(fc.oneof(fc.jsonValue(), objects(fc.jsonValue())));

/** The paths of the members of an object, two levels deep. */
function pathsOf(object: Json): string[][] {
  return Object.entries(object).flatMap(([name, value]) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [[name], ...(isObject ? Object.keys(value).map((each) => [name, each]) : [])];
  });
}

function pointerTo(path: readonly string[]): string {
  return path.map((name) => `/${escapePointer(name)}`).join('');
}

/** A schema that annotates the members at these paths. */
function annotating(paths: readonly (readonly string[])[]): MessageSchema {
  const properties = objectOf(
    [...new Set(paths.map(([name]) => name as string))].map((name) => {
      const below = paths.flatMap(([first, second]) => (first === name && second !== undefined ? [second] : []));
      const inside = { properties: objectOf(below.map((each) => [each, NAME] as const)) };
      return [name, below.length > 0 ? inside : NAME] as const;
    }),
  );
  return { $id: EVENT, properties };
}

/** An object, and some of the paths in it, none inside of another. */
const splittable = state.chain((data) =>
  fc.tuple(
    fc.constant(data),
    fc
      .subarray(pathsOf(data))
      .map((some) => some.filter(([name, second]) => second === undefined || !some.some((o) => isPath(o, [name])))),
  ),
);

function isPath(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

describe('data that is split', () => {
  it('is the same once it is joined', () => {
    fc.assert(
      fc.property(splittable, ([data, paths]) => {
        fc.pre(paths.length > 0);
        const fields = personalFieldsOf([annotating(paths)], EVENT) as PersonalFields;
        const { clear, personal } = split(data, fields);
        expect(Object.keys(personal).sort()).toEqual(paths.map(pointerTo).sort());
        const left = pathsOf(clear as Json);
        for (const path of paths) expect(left.some((each) => isPath(each, path))).toBe(false);
        expect(join(clear, personal)).toEqual(data);
      }),
    );
  });

  it('is not changed itself, nor is the clear part when it is joined', () => {
    const data = { item: { id: 'a', name: 'Ada' } };
    const { clear, personal } = split(data, fieldsOf({ name: NAME }));
    join(clear, personal);
    expect(data).toEqual({ item: { id: 'a', name: 'Ada' } });
    expect(clear).toEqual({ item: { id: 'a' } });
  });

  it('has in its personal part only what is there', () => {
    const fields = fieldsOf({ name: NAME, title: NAME, owner: { properties: { name: NAME } } });
    expect(split({ item: { name: null, owner: 'x' } }, fields)).toEqual({
      clear: { item: { owner: 'x' } },
      personal: { '/item/name': null },
    });
  });

  it.each(['/__proto__/polluted', '/constructor/prototype/polluted', '/item/__proto__/polluted', '/__proto__'])(
    'cannot be joined with what would change other objects: %s',
    (pointer) => {
      const joined = join({ item: {} }, { [pointer]: { polluted: true } }) as { item: object };
      for (const object of [{}, joined, joined.item]) {
        expect('polluted' in object).toBe(false);
        expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
      }
    },
  );

  it('has no personal member that it only inherits', () => {
    const inherited = Object.fromEntries(['toString', 'constructor', '__proto__'].map((name) => [name, NAME]));
    expect(split({ item: {} }, fieldsOf(inherited))).toEqual({ clear: { item: {} }, personal: {} });
  });
});

describe('data that is sealed', () => {
  const key = newDataKey();
  const fields = fieldsOf({ name: { [PERSONAL]: '/item/ownerId' } });
  const seal = (data: object, id: string) => sealData({ data, fields, key, boundTo: 'event', id }) as Json;

  it('has its personal members only in the sealed part', () => {
    const { sealed, ...clear } = seal({ item: { ownerId: 'p', name: 'Ada' } }, 'p');
    expect(clear).toEqual({ item: { ownerId: 'p' } });
    expect(openPart(key, sealed as SealedPart, 'event')).toEqual({ '/item/name': 'Ada' });
    expect(JSON.stringify(sealed)).not.toContain('Ada');
  });

  it('names the place of the person’s id only if that is not the subject of the event', () => {
    const data = { item: { ownerId: 'p', name: 'Ada' } };
    expect(seal(data, 'p').sealed).not.toHaveProperty('person');
    expect(seal(data, 'other').sealed).toHaveProperty('person', '/item/ownerId');
  });

  it('is as it was if no personal member is there', () => {
    const data = { item: { ownerId: 'p' } };
    expect(seal(data, 'p')).toEqual(data);
  });
});
