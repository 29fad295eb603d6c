import { idHasCardNumber } from '../tools/card-numbers.js';
import { isLoggableId } from '../tools/loggable-id.js';
import { aggregateIdsOf } from '../tools/request-context.js';
import type { LoggedRecord } from './bus.js';

const EVENT_TYPE = /^[a-z.-]{1,100}$/;
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/;

/**
 * Describes records in a log line: their number, and the location, type and ids of the first. Has nothing else of a
 * record, which may be one that nobody understands.
 */
export function describeRecords(records: readonly LoggedRecord[]): object {
  const [first] = records;
  if (!first) return { records: 0 };
  const { topic, partition, offset } = first;
  return { topic, partition, offset, ...idsOf(first), records: records.length };
}

/** Explains in health why records are retried, without any value of them. */
export function whyAgain({ topic, partition, offset }: LoggedRecord, reason: string, failures: number): string {
  return `has failed ${failures} times on the records from ${topic}/${partition}/${offset} on, and tries again: ${reason}`;
}

/** Returns the ids of a record's event by the names that they have in all log lines, and its type. */
function idsOf({ topic, key, value }: LoggedRecord): object {
  const { type, id, traceparent } = parse(value);
  const [, traceId, spanId] = TRACEPARENT.exec(String(traceparent)) ?? [];
  const isTraced = traceId !== undefined && !idHasCardNumber(traceId) && !idHasCardNumber(String(spanId));
  return {
    ...aggregateIdsOf(topic, String(key)),
    ...(typeof type === 'string' && EVENT_TYPE.test(type) && { eventType: type }),
    ...(typeof id === 'string' && isLoggableId(id) && { causationId: id }),
    ...(isTraced && { traceId, spanId }),
  };
}

/** Returns the members of a CloudEvent; none if the value is not an object. */
function parse(value: Buffer | null): Record<string, unknown> {
  try {
    return Object(JSON.parse(String(value))) as Record<string, unknown>;
  } catch {
    return {};
  }
}
