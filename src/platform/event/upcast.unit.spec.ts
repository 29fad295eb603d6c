import { describe, expect, it } from '@jest/globals';
import { toCloudEvent } from '../testing/cloud-events.js';
import { created, eventOf as eventOfItem, itemEvents } from '../testing/items.js';
import { type CloudEvent, dataschemaOf } from './cloud-event.js';
import { UnreadableRecord } from './parse-cloud-event.js';
import { upcast, type Upcasters } from './upcast.js';

const SECRET = '4111111111111111';
const type = 'test.item.created';
const times = { id: 'a', version: 1, time: '2026-01-01T00:00:00.000Z' };
const envelope = { ...toCloudEvent(itemEvents, eventOfItem(created('a')), times), actor: 'ada', partitionkey: 'x' };

const eventOf = (major: number | string, data: unknown = [major]): CloudEvent => ({
  ...envelope,
  dataschema: `urn:schema:${type}:v${major}`,
  data,
});

const upcasters: Upcasters = {
  [dataschemaOf(type, 1)]: (data) => [...(data as unknown[]), 2],
  [dataschemaOf(type, 2)]: (data) => [...(data as unknown[]), 3],
  [dataschemaOf(type, 4)]: (data) => [...(data as unknown[]), 5],
  [dataschemaOf('test.item.changed', 3)]: () => 'of another type',
};

function refusalOf(event: CloudEvent, newest: number, by = upcasters): string {
  try {
    upcast(event, by, newest);
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableRecord);
    expect((error as Error).cause).toBeUndefined();
    return (error as Error).message;
  }
  throw new Error('it can be read');
}

describe('an event of an older major version', () => {
  it.each([
    [1, 3, [1, 2, 3]],
    [2, 3, [2, 3]],
    [1, 2, [1, 2]],
  ])('of version %i is lifted step by step to version %i', (stated, newest, data) => {
    expect(upcast(eventOf(stated), upcasters, newest)).toEqual(eventOf(newest, data));
  });

  it('is not changed itself', () => {
    const event = eventOf(1);
    upcast(event, upcasters, 3);
    expect(event).toEqual(eventOf(1));
  });

  it('is refused where a step is missing', () => {
    expect(refusalOf(eventOf(1), 4)).toBe(`nothing lifts major version 3 of ${type} to the next`);
    expect(refusalOf(eventOf(1), 2, {})).toBe(`nothing lifts major version 1 of ${type} to the next`);
  });

  it('is refused, and not quoted, when its data is not of its version', () => {
    const quoting = (data: unknown) => {
      throw new TypeError(`what is ${JSON.stringify(data)}?`);
    };
    const reason = refusalOf(eventOf(1, SECRET), 2, { [dataschemaOf(type, 1)]: quoting });
    expect(reason).toBe(`data is not of major version 1 of ${type}`);
  });
});

describe('an event of the version that the reader knows', () => {
  it('is read as it is', () => {
    const event = eventOf(3);
    expect(upcast(event, upcasters, 3)).toBe(event);
  });
});

describe('an event of no version that can be read', () => {
  it('is refused when the version is one of the future', () => {
    expect(refusalOf(eventOf(4), 3)).toBe(`major version 4 of ${type} is not known here`);
  });

  it.each(['urn:schema:test.item.changed:v1', `urn:schema:${type}:v0`, `urn:schema:${type}`, SECRET])(
    'is refused when its dataschema is %s',
    (dataschema) => {
      expect(refusalOf({ ...eventOf(1), dataschema }, 3)).toBe('dataschema names no version of its type');
    },
  );
});
