import type { LoggedRecord } from './bus.js';

const MAX_LENGTH = 100;

/** What a log line says of records that were handed over: where the first of them is, what it is, and how many there are. */
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

/** Why records come again, for health: it names no value. */
export function whyAgain({ topic, partition, offset }: LoggedRecord, reason: string, failures: number): string {
  return `has failed ${failures} times on the records from ${topic}/${partition}/${offset} on, and tries again: ${reason}`;
}

/** The type and the id that a CloudEvent says it has; nothing of a value that is no such thing. */
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
