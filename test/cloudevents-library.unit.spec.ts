import { describe, expect, it } from '@jest/globals';
// Version 5: later ones refuse newer versions of Node.js (`engines`).
import { CloudEvent as Parsed, Kafka, type KafkaMessage } from 'cloudevents';
import { CONTEXTS } from '../src/contexts.js';
import type { CloudEvent } from '../src/platform/event/cloud-event.js';
import { toEventRecord } from '../src/platform/event/event-record.js';
import { serialize } from '../src/platform/testing/cloud-events.js';

describe('the CloudEvents library for Node.js', () => {
  const samples = CONTEXTS.flatMap(({ events }) => events.publishes.flatMap((stream) => stream.samples ?? []));

  function messageOf(event: CloudEvent): KafkaMessage<string> & { readonly headers: Record<string, string> } {
    const { key, value, headers } = toEventRecord(event.subject, serialize(event));
    return { key: String(key), value: String(value), headers: headers as Record<string, string>, body: undefined };
  }

  /** Without the key, which the library adds as an attribute. */
  function read(message: KafkaMessage<string>): Record<string, unknown> {
    const { partitionkey: _, ...event } = JSON.parse(JSON.stringify(Kafka.toEvent(message))) as Record<string, unknown>;
    return event;
  }

  it.each(samples)('reads a published $type as the event that it is', (event) => {
    expect(Kafka.isEvent(messageOf(event))).toBe(true);
    expect(read(messageOf(event))).toEqual(JSON.parse(serialize(event)));
  });

  it.each(samples)('reads the same attributes of $type from the headers alone', (event) => {
    const { headers, ...message } = messageOf(event);
    const binary = { ...message, headers: { ...headers, 'content-type': event.datacontenttype } };

    expect(read({ ...binary, value: JSON.stringify(event.data) })).toEqual({
      ...{ specversion: '1.0', datacontenttype: 'application/json', sequence: event.sequence, data: event.data },
      ...{ id: event.id, source: event.source, type: event.type, subject: event.subject },
      ...{ time: event.time, dataschema: event.dataschema },
    });
  });

  it.each(samples)('writes the same headers of $type in binary mode', (event) => {
    const { 'content-type': _, traceparent: _trace, ...headers } = messageOf(event).headers;

    expect(Kafka.binary(new Parsed({ ...event })).headers).toMatchObject(headers);
  });
});
