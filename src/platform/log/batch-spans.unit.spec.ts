import { describe, expect, it } from '@jest/globals';
import { recordSpans, traceparentOfCommand } from '../testing/span-recorder.js';
import { traceWith } from '../tools/spans.js';
import { inApplySpans, inPublishSpans } from './batch-spans.js';
import type { BusRecord, LoggedRecord } from './bus.js';
import { leaseUntil } from './lease.js';

const [A, B, C] = [0, 1, 2].map((number) => traceparentOfCommand(number)) as [string, string, string];
const UNSAMPLED = traceparentOfCommand(3, 0);
const lease = leaseUntil(new AbortController().signal);

/** Records of the commands with these traceparents; undefined is an event without one. */
function recordsOf(...traceparents: (string | undefined)[]): LoggedRecord[] {
  return traceparents.map((traceparent, offset) => {
    const record: BusRecord = { key: null, value: null, headers: { ...(traceparent && { traceparent }) } };
    return { ...record, topic: 'topic', partition: 3, offset };
  });
}

const linkTo = (traceparent: string) => traceparent.slice(3, 52);

describe('the spans of a batch', () => {
  const recorded = recordSpans();

  it('are one in the trace of each command: the first links to all others, and these to the first', async () => {
    expect(await inPublishSpans('topic', recordsOf(A, B, C), () => Promise.resolve('done'))).toBe('done');

    const [first, second, third] = recorded.spans();
    expect(recorded.spans().map(({ traceId }) => traceId)).toEqual([A, B, C].map((each) => each.slice(3, 35)));
    expect(recorded.spans().map(({ parentSpanId }) => parentSpanId)).toEqual(
      [A, B, C].map((each) => each.slice(36, 52)),
    );
    expect(first?.links).toEqual([linkTo(B), linkTo(C)]);
    expect([second?.links, third?.links]).toEqual([
      [`${first?.traceId}-${first?.spanId}`],
      [`${first?.traceId}-${first?.spanId}`],
    ]);
    expect(second).toMatchObject({
      name: 'publish topic',
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'topic',
        'messaging.batch.message_count': 3,
      },
    });
  });

  it('are one for several events of a command, and none for an event without a trace', async () => {
    await inPublishSpans('topic', recordsOf(A, undefined, A), () => Promise.resolve());

    expect(recorded.spans()).toHaveLength(1);
    expect(recorded.spans()[0]?.links).toEqual([]);
  });

  it('are none for a command that is not sampled, also if it is the first', async () => {
    await inPublishSpans('topic', recordsOf(UNSAMPLED, B), () => Promise.resolve());

    expect(recorded.spans()).toMatchObject([{ traceId: B.slice(3, 35), links: [] }]);
  });

  it('name the group and the partition where records are applied', async () => {
    const handled: number[] = [];
    const handle = inApplySpans('topic', 'orders', (records) => {
      handled.push(records.length);
      return Promise.resolve();
    });
    await handle(recordsOf(A), lease);

    expect(handled).toEqual([1]);
    const [span] = recorded.spans();
    expect(span).toMatchObject({
      name: 'apply topic',
      attributes: { 'messaging.consumer.group.name': 'orders', 'messaging.destination.partition.id': '3' },
    });
    expect(span?.attributes).not.toHaveProperty('messaging.batch.message_count');
  });

  it('are none for a failed attempt, because the same records are tried again', async () => {
    const failing = () => Promise.reject(new Error('the log is away'));

    await expect(inPublishSpans('topic', recordsOf(A, B), failing)).rejects.toThrow('the log is away');
    await expect(inApplySpans('topic', 'orders', failing)(recordsOf(A), lease)).rejects.toThrow('the log is away');
    expect(recorded.spans()).toEqual([]);
  });

  it('are none without tracing, and the work is the same', async () => {
    traceWith(undefined);

    expect(await inPublishSpans('topic', recordsOf(A), () => Promise.resolve('done'))).toBe('done');
    expect(recorded.spans()).toEqual([]);
  });
});
