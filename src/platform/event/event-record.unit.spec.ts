import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { serialize, toCloudEvent } from '../testing/cloud-events.js';
import { created, eventOf, itemEvents } from '../testing/items.js';
import { withCause } from '../tools/request-context.js';
import type { CloudEvent } from './cloud-event.js';
import { toEventRecord } from './event-record.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OF = { id: 'item-1', version: 12, time: '2026-11-23T04:12:41.003Z' };
const CAUSE = { id: 'cause', type: 'a.b.c', subject: 'b-1', traceparent: TRACE, actor: 'ada' };

const published = withCause(CAUSE, () => toCloudEvent(itemEvents, eventOf(created('item-1')), OF));

describe('the record of an event', () => {
  const { key, value, headers } = toEventRecord('item-1', serialize(published));

  it('has the attributes that consumers route and filter by as headers, but not the caller', () => {
    expect(headers).toEqual({
      'content-type': 'application/cloudevents+json; charset=UTF-8',
      ce_specversion: '1.0',
      ce_id: published.id,
      ce_source: '/test',
      ce_type: 'test.item.created',
      ce_subject: 'item-1',
      ce_time: OF.time,
      ce_dataschema: 'urn:schema:test.item.created:v1',
      ce_sequence: '12',
      traceparent: TRACE,
    });
    expect(published.actor).toBe('ada');
    expect(key).toEqual(Buffer.from('item-1'));
    expect(String(value)).toBe(serialize(published));
  });

  it('has no header of a trace if the event has none', () => {
    const { traceparent: _, ...untraced } = published;

    expect(toEventRecord('item-1', serialize(untraced)).headers).not.toHaveProperty('traceparent');
  });

  it('names the schema in the registry once that is known', () => {
    const ids = new Map([['urn:schema:test.item.created:v1', Buffer.from([1, 2, 3])]]);
    const schemaIdOf = (dataschema: string) => ids.get(dataschema);

    const known = toEventRecord('item-1', serialize(published), schemaIdOf);
    expect(known).toEqual({ key, value, headers: { ...headers, __value_schema_id: Buffer.from([1, 2, 3]) } });
    ids.clear();
    expect(toEventRecord('item-1', serialize(published), schemaIdOf).headers).toEqual(headers);
  });

  it('has the same headers whatever texts the event contains, and if it was serialized in another order', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('","datacontenttype":"', '\\', '"}', ',"id":"x"'),
    );
    const data = fc.oneof(fc.record({ datacontenttype: text, id: text, 'x,"datacontenttype":"': text }), fc.json());
    fc.assert(
      fc.property(data, text, text, (content, subject, time) => {
        const event = { ...published, subject, time, data: content } as CloudEvent;
        const expected = { ...headers, ce_subject: subject, ce_time: time };
        for (const json of [serialize(event), JSON.stringify(event)]) {
          expect(toEventRecord(subject, json).headers).toEqual(expected);
        }
      }),
    );
  });
});
