import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { breakingChanges } from '../scripts/docs/breaking-changes.mjs';
import { writeDocuments } from '../scripts/docs/write-documents.mjs';
import { CONTEXTS } from '../src/contexts.js';
import { documentsOf } from '../src/platform/process/documents.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { temporaryFolder, type TemporaryFolder } from '../src/platform/testing/temporary-folder.js';

// Documents are seeded with what a person may write: JSON that may be anything.
type Json = ReturnType<typeof JSON.parse>;

const NAME = 'test.item.v1';
const sample = { id: 'e-1', dataschema: 'urn:schema:test.item.created:v1', data: { item: { id: 'a' } } };

const schema = {
  title: 'Item',
  type: 'object',
  required: ['id', 'parts'],
  properties: {
    id: { type: 'string', pattern: '^[a-z]+$' },
    title: { type: 'string' },
    kind: { enum: ['SMALL', 'LARGE'] },
    at: { type: 'string', format: 'date-time' },
    erased: { const: true },
    owner: { $ref: '#/components/schemas/test.owner.v1' },
    parts: {
      type: 'array',
      maxItems: 3,
      items: {
        type: 'object',
        required: ['size'],
        properties: { size: { type: 'integer', minimum: 1 }, 'a/b~c': { type: 'string' } },
        additionalProperties: false,
      },
    },
    labels: { type: 'object', additionalProperties: { type: 'object', properties: { text: { type: 'string' } } } },
    either: { oneOf: [{ type: 'string' }, { type: 'object', properties: { x: { type: 'string' } } }] },
  },
  additionalProperties: false,
};

function documentOf(item: Json): Json {
  return {
    components: {
      schemas: { [NAME]: item, 'test.owner.v1': { type: 'string' } },
      messages: {
        'test.item.created.v1': { examples: [{ payload: sample }] },
        deadLetter: { examples: [{ headers: {}, payload: 'Hello' }] },
      },
    },
  };
}

/** What breaks when a copy of the document is changed by hand. */
function brokenBy(edit: (item: Json, components: Json) => void): string[] {
  const before = documentOf(schema);
  const after = JSON.parse(JSON.stringify(before)) as Json;
  edit(after.components.schemas[NAME], after.components);
  return breakingChanges(before, after);
}

describe('the messages that the code publishes today', () => {
  it('break none that the committed document states', () => {
    const { asyncApi } = documentsOf(CONTEXTS, parseConfig({}).KAFKA_TOPIC_PARTITIONS);
    const committed = JSON.parse(readFileSync('docs/asyncapi.json', 'utf8')) as Json;
    expect(breakingChanges(committed, JSON.parse(JSON.stringify(asyncApi)) as Json)).toEqual([]);
  });
});

describe('a change of a schema', () => {
  it.each<[string, (item: Json, components: Json) => void]>([
    ['nothing at all', () => undefined],
    ['a new optional property', (item) => (item.properties.colour = { type: 'string' })],
    ['one in a part of a list', (item) => (item.properties.parts.items.properties.colour = { type: 'string' })],
    [
      'one with a schema of its own',
      (item, { schemas }) => {
        item.properties.colour = { $ref: '#/components/schemas/test.colour.v1' };
        schemas['test.colour.v1'] = { type: 'object', required: ['red'], properties: { red: { type: 'integer' } } };
      },
    ],
    ['one in what labels are', (item) => (item.properties.labels.additionalProperties.properties.b = {})],
    ['the first one of all', (_item, { schemas }) => (schemas['test.owner.v1'].properties = { a: {} })],
    ['a title', (item) => (item.title = 'Thing')],
    ['no title', (item) => delete item.title],
    ['a description', (item) => (item.properties.id.description = 'Its id.')],
    ['examples', (item) => (item.properties.id.examples = ['a'])],
    ['that a text is not personal', (item) => (item.properties.id['x-personal'] = false)],
    ['a comment', (item) => (item.properties.parts.items.$comment = 'why')],
    ['the order of what is required', (item) => item.required.reverse()],
    [
      'the order of properties',
      (item) => (item.properties = Object.fromEntries(Object.entries(item.properties).reverse())),
    ],
    ['a new major version', (item, { schemas }) => (schemas['test.item.v2'] = { ...item, required: [] })],
    [
      'a new major version of its message, with samples, that seals what was in clear text',
      (item, { schemas, messages }) => {
        schemas['test.item.v2'] = { ...item, properties: { title: { type: 'string', 'x-personal': '/item/id' } } };
        messages['test.item.created.v2'] = { examples: [{ payload: { ...sample, dataschema: 'test:v2' } }] };
      },
    ],
    ['one more sample', (_item, { messages }) => messages['test.item.created.v1'].examples.push({ payload: {} })],
    ['another example of no event', (_item, { messages }) => (messages.deadLetter.examples = [])],
  ])('is no break: %s', (_what, edit) => {
    expect(brokenBy(edit)).toEqual([]);
  });

  it.each<[string, (item: Json, components: Json) => void, string]>([
    ['a schema that is gone', (_, { schemas }) => delete schemas['test.item.v1'], ' is gone'],
    ['a property that is gone', (item) => delete item.properties.at, ' /properties/at: it is gone'],
    [
      'one of a part of a list',
      (item) => delete item.properties.parts.items.properties.size,
      ' /properties/parts/items/properties/size: it is gone',
    ],
    [
      'one with an odd name',
      (item) => delete item.properties.parts.items.properties['a/b~c'],
      ' /properties/parts/items/properties/a~1b~0c: it is gone',
    ],
    [
      'a new required property',
      (item) => {
        item.properties.colour = {};
        item.required.push('colour');
      },
      ' /required: colour is required now',
    ],
    ['an old property that is required', (item) => item.required.push('kind'), ' /required: kind is required now'],
    ['one that no longer is', (item) => (item.required = ['parts']), ' /required: id is no longer required'],
    [
      'nothing required any more',
      (item) => delete item.properties.parts.items.required,
      ' /properties/parts/items/required: size is no longer required',
    ],
    ['a type', (item) => (item.properties.id.type = 'integer'), ' /properties/id/type: "string" became "integer"'],
    [
      'a type that is wider',
      (item) => (item.properties.id.type = ['string', 'null']),
      ' /properties/id/type: "string" became ["string","null"]',
    ],
    ['no type', (item) => delete item.properties.id.type, ' /properties/id/type: "string" became nothing'],
    [
      'that a text is personal, and sealed from now on',
      (item) => (item.properties.title['x-personal'] = '/item/id'),
      ' /properties/title/x-personal: false became "/item/id"',
    ],
    ['a const', (item) => (item.properties.erased.const = false), ' /properties/erased/const: true became false'],
    [
      'one more value',
      (item) => item.properties.kind.enum.push('HUGE'),
      ' /properties/kind/enum: ["SMALL","LARGE"] became ["SMALL","LARGE","HUGE"]',
    ],
    [
      'one value less',
      (item) => item.properties.kind.enum.pop(),
      ' /properties/kind/enum: ["SMALL","LARGE"] became ["SMALL"]',
    ],
    [
      'a pattern',
      (item) => (item.properties.id.pattern = '^[a-z]*$'),
      ' /properties/id/pattern: "^[a-z]+$" became "^[a-z]*$"',
    ],
    ['a format', (item) => (item.properties.at.format = 'date'), ' /properties/at/format: "date-time" became "date"'],
    ['no format', (item) => delete item.properties.at.format, ' /properties/at/format: "date-time" became nothing'],
    ['a new limit', (item) => (item.properties.id.maxLength = 9), ' /properties/id/maxLength: nothing became 9'],
    ['a limit', (item) => (item.properties.parts.maxItems = 4), ' /properties/parts/maxItems: 3 became 4'],
    [
      'a limit in a list',
      (item) => (item.properties.parts.items.properties.size.minimum = 0),
      ' /properties/parts/items/properties/size/minimum: 1 became 0',
    ],
    ['the items of a list', (item) => (item.properties.parts.items = false), ' /properties/parts/items: {'],
    [
      'a reference',
      (item) => (item.properties.owner.$ref = '#/components/schemas/test.owner.v2'),
      ' /properties/owner/$ref: "#/components/schemas/test.owner.v1" became "#/components/schemas/test.owner.v2"',
    ],
    ['a property of another kind', (item) => (item.properties.owner = { type: 'string' }), ' /properties/owner/$ref: '],
    [
      'a property that is a boolean now',
      (item) => (item.properties.kind = true),
      ' /properties/kind: {"enum":["SMALL","LARGE"]} became true',
    ],
    ['an open schema', (item) => delete item.additionalProperties, ' /additionalProperties: false became nothing'],
    ['another open schema', (item) => (item.additionalProperties = true), ' /additionalProperties: false became true'],
    [
      'what labels are',
      (item) => (item.properties.labels.additionalProperties.type = 'string'),
      ' /properties/labels/additionalProperties/type: "object" became "string"',
    ],
    [
      'a label with a name',
      (item) => (item.properties.labels.properties = { a: {} }),
      ' /properties/labels/properties/a: it may not be what was allowed before',
    ],
    [
      'a property in one of several',
      (item) => (item.properties.either.oneOf[1].properties.y = {}),
      ' /properties/either/oneOf: [',
    ],
    [
      'a keyword that nobody thought of',
      (item) => (item.unevaluatedItems = false),
      ' /unevaluatedItems: nothing became false',
    ],
    [
      'a property that is called as an annotation is',
      (item) => delete item.properties.title,
      ' /properties/title: it is gone',
    ],
    ['a default', (item) => (item.properties.id.default = 'a'), ' /properties/id/default: nothing became "a"'],
  ])('is a break: %s', (_what, edit, where) => {
    const broken = brokenBy(edit);
    expect(broken).toContainEqual(expect.stringContaining(`${NAME}${where}`));
  });

  it.each<[string, (messages: Json) => void]>([
    ['is gone', (messages) => (messages['test.item.created.v1'].examples = [])],
    ['is gone with its message', (messages) => delete messages['test.item.created.v1']],
    ['was edited', (messages) => (messages['test.item.created.v1'].examples[0].payload.data.item.id = 'b')],
  ])('is a break: a published sample %s', (_what, edit) => {
    const broken = brokenBy((_item, { messages }) => edit(messages));
    expect(broken).toEqual(['test.item.created.v1: its sample e-1 is gone, or not what it was']);
  });

  it('is told of with every other one', () => {
    const broken = brokenBy((item) => {
      item.properties.id.type = 'integer';
      item.required.push('kind');
    });
    expect(broken).toHaveLength(2);
  });
});

describe('writing the documents', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const read = (file: string) => readFileSync(path.join(folder.path, file), 'utf8');
  const filesOf = (item: Json) => ({ 'openapi.json': '{}', 'asyncapi.json': JSON.stringify(documentOf(item)) });

  it('states what was never stated, and what is new and compatible', () => {
    for (const properties of [schema.properties, { ...schema.properties, colour: {} }]) {
      const files = filesOf({ ...schema, properties });
      writeDocuments(files, folder.path);
      expect({ 'openapi.json': read('openapi.json'), 'asyncapi.json': read('asyncapi.json') }).toEqual(files);
    }
  });

  it('leaves every file as it is when one message would break, and says which and what to do', () => {
    writeDocuments(filesOf(schema), folder.path);
    const committed = read('asyncapi.json');
    writeFileSync(path.join(folder.path, 'openapi.json'), 'as it is');
    const write = () => writeDocuments(filesOf({ ...schema, required: ['id'] }), folder.path);
    expect(write).toThrow(`${NAME} /required: parts is no longer required`);
    expect(write).toThrow('new major version');
    expect(read('asyncapi.json')).toBe(committed);
    expect(read('openapi.json')).toBe('as it is');
  });
});
