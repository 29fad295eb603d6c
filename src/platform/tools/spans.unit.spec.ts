import { SpanKind } from '@opentelemetry/api';
import { describe, expect, it } from '@jest/globals';
import { recordSpans, traceparentOfCommand } from '../testing/span-recorder.js';
import { inSpan } from './spans.js';

const COMMAND = traceparentOfCommand(0);
const START = { name: 'save placed', kind: SpanKind.INTERNAL };

describe('work in a span', () => {
  const recorded = recordSpans();

  it('is a child of the span that the traceparent names', async () => {
    expect(await inSpan(START, COMMAND, () => Promise.resolve(7))).toBe(7);

    expect(recorded.spans()).toMatchObject([
      { name: 'save placed', traceId: COMMAND.slice(3, 35), parentSpanId: COMMAND.slice(36, 52), failed: false },
    ]);
  });

  it('marks the span as failed with the type of its error, and not with the message', async () => {
    const fail = () => Promise.reject(new RangeError('the card is 4111111111111111'));

    await expect(inSpan(START, COMMAND, fail)).rejects.toThrow(RangeError);
    expect(recorded.spans()).toMatchObject([{ failed: true, attributes: { 'error.type': 'RangeError' } }]);
    expect(JSON.stringify(recorded.spans())).not.toContain('the card');
  });

  it('has no span for an attempt that is repeated', async () => {
    const fail = () => Promise.reject(new RangeError());

    await expect(inSpan(START, COMMAND, fail, (error) => error instanceof RangeError)).rejects.toThrow(RangeError);
    expect(recorded.spans()).toEqual([]);
  });

  it.each([undefined, traceparentOfCommand(1, 0)])('has no span in the trace %s', async (traceparent) => {
    expect(await inSpan(START, traceparent, () => Promise.resolve(7))).toBe(7);
    expect(recorded.spans()).toEqual([]);
  });
});
