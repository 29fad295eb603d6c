import { describe, expect, it } from '@jest/globals';
import { toCloudEvent } from '../testing/cloud-events.js';
import { changed, created, eventOf, type Item, itemEvents } from '../testing/items.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { ownEventsOf } from './read-own-events.js';

const SECRET = '4111111111111111';
const time = '2026-01-01T00:00:00.000Z';
const record = { topic: 'test.item.change', partition: 3, offset: 42, key: null, value: null, headers: {} };

const dataOf = (item: object) => ({
  type: 'object',
  required: ['item', 'changed'],
  properties: { item, changed: { type: 'array', items: { type: 'string' }, minItems: 1 } },
  additionalProperties: false,
});
const item = {
  type: 'object',
  required: ['id', 'version', 'updatedAt', 'name', 'tags'],
  properties: {
    id: { type: 'string' },
    version: { type: 'integer' },
    updatedAt: { type: 'string' },
    name: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  additionalProperties: false,
};

const { entry: read } = ownEventsOf<Item>({
  ...itemEvents,
  schemas: [
    { $id: 'urn:schema:test.item.created:v1', ...dataOf(item) },
    { $id: 'urn:schema:test.item.changed:v2', ...dataOf(item) },
  ],
  upcasters: {
    'urn:schema:test.item.changed:v1': (data) => {
      const { item: before, ...others } = data as { item: Omit<Item, 'tags'> };
      return { ...others, item: { ...before, tags: [before.name] } };
    },
  },
});

const first = created('a');
const second = changed(first.state, 'b');
const registration = toCloudEvent(itemEvents, eventOf(first), { id: 'a', version: 1, time });
const change = toCloudEvent(itemEvents, eventOf(second, ['/name']), { id: 'a', version: 2, time });
const { tags: _, ...withoutTags } = second.state;

function refusalOf(event: CloudEvent): string {
  try {
    read(event, record);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableRecord);
    expect((error as Error).message).not.toContain(SECRET);
    return (error as Error).message;
  }
  throw new Error('it can be read');
}

describe("a context's reading of its own events", () => {
  it('gives the change, and where the log has it', () => {
    expect(read({ ...change, actor: 'ada' }, record)).toEqual({
      id: 'a',
      version: 2,
      type: 'test.item.changed',
      hash: change.hash,
      eventId: change.id,
      time,
      changed: ['/name'],
      actor: 'ada',
      partition: 3,
      offset: 42,
      state: second.state,
    });
    expect(read(registration, record)).toMatchObject({ version: 1, state: first.state });
  });

  it('gives a state of an older version as today states it', () => {
    const old = {
      ...change,
      dataschema: 'urn:schema:test.item.changed:v1',
      data: { item: withoutTags, changed: ['/name'] },
    };
    expect(read(old, record)?.state).toEqual({ ...second.state, tags: ['b'] });
  });

  it('keeps what a newer instance adds', () => {
    const state = { ...second.state, colour: 'red' };
    expect(read({ ...change, data: { item: state, changed: ['/colour'], why: 'x' } }, record)?.state).toEqual(state);
  });

  it.each(['test.item.celebrated', 'test.item.constructor', 'other.item.created', 'created'])(
    'ignores the type %s, which is not of the stream',
    (type) => {
      expect(read({ ...change, type, dataschema: 'x' }, record)).toBeUndefined();
    },
  );

  it.each([
    ['a future major version', { dataschema: 'urn:schema:test.item.changed:v3' }, /^major version 3 of/],
    ['a dataschema of another type', { dataschema: registration.dataschema }, /^dataschema names no version/],
    ['no data', { data: undefined }, /^data must be object$/],
    ['no state', { data: { changed: ['/name'] } }, /^data must have required property 'item'$/],
    ['no changes', { data: { item: second.state } }, /^data must have required property 'changed'$/],
    [
      'a state that does not fit',
      { data: { item: { ...second.state, name: { SECRET } }, changed: [''] } },
      /^data\/item\/name must be string$/,
    ],
    [
      'data of an older version that the upcaster cannot take',
      { dataschema: 'urn:schema:test.item.changed:v1', data: SECRET },
      /^data is not of major version 1 of test.item.changed$/,
    ],
    ['a subject that is not the aggregate', { subject: SECRET }, /^subject and sequence are not those of data\/item$/],
    ['a sequence that is not the version', { sequence: '9' }, /^subject and sequence are not those of data\/item$/],
  ])('refuses %s, and says why', (_what, difference, reason) => {
    expect(refusalOf({ ...change, ...difference } as CloudEvent)).toMatch(reason);
  });
});
