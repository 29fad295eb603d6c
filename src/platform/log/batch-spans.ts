import { type Attributes, type Span, SpanKind } from '@opentelemetry/api';
import { ATTRIBUTE, OPERATION_TYPE } from '../tools/semantic-conventions.js';
import { contextOf, currentTracing, startSpan, type Tracing } from '../tools/spans.js';
import { parseSampled, type Traceparent } from '../tools/traceparent.js';
import type { BusRecord, LoggedRecord, RecordHandler } from './bus.js';

/** Runs `publish` in a span of each command whose events are among these records. */
export function inPublishSpans<T>(topic: string, records: readonly BusRecord[], publish: () => Promise<T>): Promise<T> {
  const tracing = currentTracing();
  if (!tracing) return publish();
  return inSpans({ tracing, kind: SpanKind.PRODUCER, operation: 'publish', topic, records }, publish);
}

/** Returns a handler that runs `handle` in a span of each command whose events are among the records. */
export function inApplySpans(topic: string, group: string, handle: RecordHandler): RecordHandler {
  return (records, lease) => {
    const tracing = currentTracing();
    if (!tracing) return handle(records, lease);
    const { partition } = records[0] as LoggedRecord;
    const attributes = { [ATTRIBUTE.messagingGroup]: group, [ATTRIBUTE.messagingPartition]: String(partition) };
    const batch = { tracing, kind: SpanKind.CONSUMER, operation: 'apply', topic, records, attributes } as const;
    return inSpans(batch, () => handle(records, lease));
  };
}

interface Batch {
  readonly tracing: Tracing;
  readonly kind: SpanKind;
  readonly operation: keyof typeof OPERATION_TYPE;
  readonly topic: string;
  readonly records: readonly BusRecord[];
  readonly attributes?: Attributes;
}

/** A span that never ends is not exported: after a failure, the same records are tried again. */
async function inSpans<T>(batch: Batch, work: () => Promise<T>): Promise<T> {
  const spans = startSpans(batch);
  const result = await work();
  for (const span of spans) span.end();
  return result;
}

/**
 * Starts a span in the trace of each command, because a trace shows only its own spans. The first one stands for the
 * batch: it links to all other commands, and their spans link to it.
 */
function startSpans(batch: Batch): readonly Span[] {
  const { tracing, kind, operation, topic } = batch;
  const start = { name: `${operation} ${topic}`, kind, attributes: attributesOf(batch) };
  const recorded = commandsOf(batch.records)
    .map((command) => ({ command, span: startSpan(tracing.tracer, start, command, true) }))
    .filter(({ span }) => span.isRecording());
  const [first, ...others] = recorded;
  first?.span.addLinks(others.map(({ command }) => ({ context: contextOf(command) })));
  for (const { span } of others) span.addLink({ context: (first as { span: Span }).span.spanContext() });
  return recorded.map(({ span }) => span);
}

/** Returns the recorded spans of the commands whose events these are. Several events may be of one command. */
function commandsOf(records: readonly BusRecord[]): readonly Traceparent[] {
  const texts = new Set(records.map(({ headers }) => headers.traceparent));
  return [...texts].flatMap((text) => (typeof text === 'string' ? (parseSampled(text) ?? []) : []));
}

function attributesOf({ tracing, operation, topic, records, attributes }: Batch): Attributes {
  return {
    ...attributes,
    [ATTRIBUTE.messagingSystem]: tracing.messagingSystem,
    [ATTRIBUTE.messagingOperation]: operation,
    [ATTRIBUTE.messagingOperationType]: OPERATION_TYPE[operation],
    [ATTRIBUTE.messagingTopic]: topic,
    ...(records.length > 1 && { [ATTRIBUTE.messagingBatchSize]: records.length }),
  };
}
