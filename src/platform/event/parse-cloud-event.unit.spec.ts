import { describe, expect, it } from '@jest/globals';
import { toCloudEvent } from '../testing/cloud-events.js';
import { created, eventOf, itemEvents } from '../testing/items.js';
import type { LoggedRecord } from '../log/bus.js';
import type { CloudEvent } from './cloud-event.js';
import { majorVersionOf, parseCloudEvent, UnreadableRecord } from './parse-cloud-event.js';

const SECRET = '4111111111111111';
const event = toCloudEvent(itemEvents, eventOf(created('a')), {
  id: 'a',
  version: 1,
  time: '2026-01-01T00:00:00.000Z',
});

function recordOf(value: string | Buffer | null): LoggedRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return { topic: 't', partition: 0, offset: 0, key: null, value: bytes, headers: {} };
}

function refusalOf(parse: () => unknown): UnreadableRecord {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableRecord);
    return error as UnreadableRecord;
  }
  throw new Error('it can be read');
}

describe('reading a CloudEvent', () => {
  it('gives the event that was written', () => {
    expect(parseCloudEvent(recordOf(JSON.stringify(event)))).toEqual(event);
  });

  it('keeps extensions that it does not know', () => {
    const extended = { ...event, partitionkey: 'x' };

    expect(parseCloudEvent(recordOf(JSON.stringify(extended)))).toEqual(extended);
  });

  it.each([
    ['no value', null],
    ['an empty value', ''],
    ['text', SECRET + 'x'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['half of an event', `{"card":"${SECRET}`],
    ['a number', SECRET],
    ['null', 'null'],
    ['an array', `["${SECRET}"]`],
    ['another object', `{"card":"${SECRET}"}`],
    ['another version of the specification', JSON.stringify({ ...event, specversion: '0.3' })],
    ['a sequence of 0', JSON.stringify({ ...event, sequence: '0' })],
    ['a sequence that is a number', JSON.stringify({ ...event, sequence: 1 })],
    ['a sequence that is no number', JSON.stringify({ ...event, sequence: SECRET + 'a' })],
    ['a sequence that is too large', JSON.stringify({ ...event, sequence: SECRET })],
  ])('refuses %s, and quotes nothing of it', (_, value) => {
    const { message, cause } = refusalOf(() => parseCloudEvent(recordOf(value)));

    expect(message).not.toContain(SECRET.slice(0, 6));
    expect(cause).toBeUndefined();
  });

  it.each(['id', 'source', 'type', 'subject', 'time', 'dataschema', 'sequence'])('refuses one without %s', (name) => {
    for (const value of [undefined, '', null, { card: SECRET }]) {
      const { message } = refusalOf(() => parseCloudEvent(recordOf(JSON.stringify({ ...event, [name]: value }))));

      expect(message).toContain(name);
      expect(message).not.toContain(SECRET);
    }
  });
});

describe('the major version of an event', () => {
  it.each([1, 2, 10])('is the one that its dataschema names: %i', (major) => {
    expect(majorVersionOf({ ...event, dataschema: `urn:schema:${event.type}:v${major}` })).toBe(major);
  });

  it.each(['urn:schema:other.type:v1', `urn:schema:${event.type}:v0`, `urn:schema:${event.type}:v`, `v1`, 'v1.2'])(
    'is not in %s',
    (dataschema) => {
      refusalOf(() => majorVersionOf({ ...event, dataschema } as CloudEvent));
    },
  );
});
