import type { LoggedRecord } from './bus.js';

const MAX_LENGTH = 100;

/** Describes records in a log line: their number, and the location, type and id of the first. */
export function describeRecords(records: readonly LoggedRecord[]): object {
  const [first] = records;
  if (!first) return { records: 0 };
  const { topic, partition, offset, key, value } = first;
  return {
    topic,
    partition,
    offset,
    key: key?.toString().slice(0, MAX_LENGTH),
    ...eventIn(value),
    records: records.length,
  };
}

/** Explains in health why records are retried, without any value of them. */
export function whyAgain({ topic, partition, offset }: LoggedRecord, reason: string, failures: number): string {
  return `has failed ${failures} times on the records from ${topic}/${partition}/${offset} on, and tries again: ${reason}`;
}

/** Returns type and id of a CloudEvent; nothing if the value is not one. */
function eventIn(value: Buffer | null): object {
  try {
    const { type, id } = JSON.parse(String(value)) as { type?: unknown; id?: unknown };
    return { event: { type: textOf(type), id: textOf(id) } };
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, MAX_LENGTH) : undefined;
}
