import { describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { dataschemaOf } from '../src/platform/event/cloud-event.js';
import { type MessageSchema, PERSONAL } from '../src/platform/event/message-schemas.js';
import { sealedPointersOf } from '../src/platform/testing/sealed-pointers.js';

type Json = Readonly<Record<string, unknown>>;

/** What of a stream matters here. */
interface Published {
  readonly typePrefix: string;
  readonly schemaVersions: Readonly<Record<string, number>>;
  readonly schemas: readonly MessageSchema[];
  readonly keys?: string;
}

/** Keywords whose value is a map of schemas. Their names are no part of the data, except those of `properties`. */
const MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);

/**
 * The places in the schema of an event where a text is neither in a member that is sealed nor marked as not personal.
 * Each place is the name of the schema and a JSON Pointer into it.
 */
function undecidedIn({ schemas }: Published, dataschema: string): string[] {
  const sealed = new Set(sealedPointersOf(schemas, dataschema));
  const found = new Set<string>();
  const seen = new Set<unknown>();

  /** @param member JSON Pointer into the data; undefined where that cannot be told, and so nothing is sealed */
  const walk = (schema: unknown, at: string, root: string, member: string | undefined): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { [PERSONAL]: person, $ref, type } = schema as Json;
    if (typeof person === 'string') {
      if (member === undefined || !sealed.has(member)) found.add(`${at}: is annotated, but not sealed`);
      return;
    }
    if (person !== undefined && person !== false) found.add(`${at}: has an annotation that is not understood`);
    if ([type].flat().includes('string') && person !== false) found.add(at);
    if (typeof $ref === 'string') walkReferred($ref, root, member);
    for (const [keyword, value] of Object.entries(schema as Json)) {
      if (typeof value !== 'object' || value === null || keyword === 'enum' || keyword === 'examples') continue;
      if (!MAPS.has(keyword)) {
        for (const [index, each] of [value].flat().entries())
          walk(each, Array.isArray(value) ? `${at}/${keyword}/${index}` : `${at}/${keyword}`, root, undefined);
        continue;
      }
      for (const [name, each] of Object.entries(value)) {
        const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
        const below = keyword === 'properties' && member !== undefined ? `${member}/${token}` : undefined;
        walk(each, `${at}/${keyword}/${token}`, root, below);
      }
    }
  };
  const walkReferred = ($ref: string, root: string, member: string | undefined): void => {
    const [id, pointer = ''] = $ref.split('#') as [string, string?];
    const name = id === '' ? root : id;
    const start: unknown = schemas.find(({ $id }) => $id === name);
    const target = pointer
      .split('/')
      .slice(1)
      .reduce((value, token) => (value as Json | undefined)?.[token], start);
    const at = pointer === '' ? name : `${name}#${pointer}`;
    if (target === undefined) found.add(`${at}: is not there`);
    const visit = `${at} ${member}`;
    if (seen.has(visit)) return;
    seen.add(visit);
    walk(target, at, name, pointer === '' ? member : undefined);
  };

  walkReferred(dataschema, dataschema, '');
  return [...found];
}

/** The schemas of what a stream publishes today. */
function todays({ typePrefix, schemaVersions }: Published): string[] {
  return Object.entries(schemaVersions).map(([type, major]) => dataschemaOf(`${typePrefix}.${type}`, major));
}

function isWithoutKeys(stream: Published): boolean {
  return stream.keys === undefined && todays(stream).some((each) => sealedPointersOf(stream.schemas, each).length > 0);
}

const STREAMS = CONTEXTS.flatMap(({ events }) => events.publishes);

describe('the personal data in what is published', () => {
  it('is looked for in every context', () => {
    expect(STREAMS.length).toBeGreaterThanOrEqual(CONTEXTS.length);
  });

  describe.each(STREAMS)('on $topic', (stream) => {
    it.each(todays(stream))('%s says of each text whether it is personal, and all that is is sealed', (dataschema) => {
      expect(undecidedIn(stream, dataschema)).toEqual([]);
    });

    it('has keys to be sealed with', () => {
      expect(isWithoutKeys(stream)).toBe(false);
    });
  });
});

describe('a schema that leaves open whether a text is personal', () => {
  const TEXT = { type: 'string' };
  const NOT_PERSONAL = { [PERSONAL]: false, ...TEXT };
  const NAME = { [PERSONAL]: '/item/id', ...TEXT };
  const EVENT = 'urn:schema:test.item.created:v1';
  const ITEM = 'urn:schema:test.item:v1';

  function streamOf(members: Json, more: Json = {}): Published {
    const item = { $id: ITEM, type: 'object', properties: { id: NOT_PERSONAL, ...members }, ...more };
    const event = { $id: EVENT, type: 'object', properties: { item: { $ref: ITEM } } };
    return { typePrefix: 'test.item', schemaVersions: { created: 1 }, schemas: [event, item] };
  }

  it.each<[string, Json, Json?]>([
    ['everything is decided', { name: NAME, size: { type: 'integer' } }],
    ['texts are parts of a sealed member', { address: { [PERSONAL]: '/item/id', properties: { city: TEXT } } }],
    ['the sealed member is deeper', { owner: { type: 'object', properties: { 'a/b~': NAME } } }],
    ['all of it is not personal', { labels: { type: 'array', items: NOT_PERSONAL } }],
  ])('is not one in which %s', (_what, members, more = {}) => {
    expect(undecidedIn(streamOf(members, more), EVENT)).toEqual([]);
  });

  it.each<[string, Json, string, Json?]>([
    ['a member', { name: TEXT }, '/properties/name'],
    ['a text that may be null', { name: { type: ['null', 'string'] } }, '/properties/name'],
    ['a member of a member', { a: { properties: { 'b/~': TEXT } } }, '/properties/a/properties/b~1~0'],
    ['items', { a: { type: 'array', items: TEXT } }, '/properties/a/items'],
    ['first items', { a: { prefixItems: [NOT_PERSONAL, TEXT] } }, '/properties/a/prefixItems/1'],
    ['one of a choice', { a: { anyOf: [NOT_PERSONAL, TEXT] } }, '/properties/a/anyOf/1'],
    ['members by pattern', { a: { patternProperties: { '^x': TEXT } } }, '/properties/a/patternProperties/^x'],
    ['other members', { a: { additionalProperties: TEXT } }, '/properties/a/additionalProperties'],
    ['a condition', {}, '/then/properties/name', { then: { properties: { name: TEXT } } }],
    ['a definition', { a: { $ref: '#/$defs/name' } }, '#/$defs/name', { $defs: { name: TEXT } }],
    ['an annotation in a choice', { a: { anyOf: [NAME] } }, '/properties/a/anyOf/0: is annotated, but not sealed'],
    ['an annotation by pattern', { a: { patternProperties: { x: NAME } } }, '/properties/a/patternProperties/x: is'],
    ['another annotation', { a: { ...TEXT, [PERSONAL]: true } }, '/properties/a: has an annotation that is not'],
    ['a reference to nothing', { a: { $ref: 'urn:schema:other:v1' } }, 'urn:schema:other:v1: is not there'],
  ])('is found: %s', (_what, members, where, more = {}) => {
    const place = where.startsWith('urn:') ? where : `${ITEM}${where}`;
    expect(undecidedIn(streamOf(members, more), EVENT)).toContainEqual(expect.stringContaining(place));
  });

  it('is found if a stream has personal data and no keys', () => {
    expect(isWithoutKeys(streamOf({ name: NAME }))).toBe(true);
    expect(isWithoutKeys({ ...streamOf({ name: NAME }), keys: 'test.item.keys' })).toBe(false);
    expect(isWithoutKeys(streamOf({}))).toBe(false);
  });
});
