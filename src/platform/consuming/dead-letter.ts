import type { BusRecord, Headers, LoggedRecord } from '../log/bus.js';
import type { Refused } from './apply-records.js';

/** A topic and the consumer group that consumes it. */
export interface Consumed {
  readonly topic: string;
  readonly group: string;
}

/** The location of a record in the log. */
export interface RecordLocation {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record of a dead-letter topic, without its content. */
export interface DeadLetterRecord {
  readonly location: RecordLocation;
  /** Location of the original record; undefined for a record that is not a dead letter. */
  readonly origin?: RecordLocation;
  readonly key: Buffer | null;
  readonly reason: string;
  readonly attempts: number;
  /**
   * Stack frames (`file:line`) of our own code that failed, innermost first; undefined when the record was at fault.
   */
  readonly stack?: readonly string[];
  /** RFC 3339; when it was sent to the dead-letter topic. */
  readonly time: string;
  /** Size of the original record's value. */
  readonly bytes: number;
  /** The value was too large for the dead-letter topic and must be read from its origin. */
  readonly isOmitted: boolean;
}

/** A longer key is omitted from a dead letter whose value is omitted. */
const MAX_KEY_LENGTH = 1024;

/** Returns the topic for records that a consumer group could not apply. */
export function deadLetterTopic({ topic, group }: Consumed): string {
  return `${topic}.${group}.dlt`;
}

/** Returns the topic that marks dead letters as redriven. */
export function redrivenTopic(consumed: Consumed): string {
  return `${deadLetterTopic(consumed)}.redriven`;
}

/** Returns `topic/partition/offset`. */
export function locationName({ topic, partition, offset }: RecordLocation): string {
  return `${topic}/${partition}/${offset}`;
}

/** Builds a dead letter: the original record, with its location and the reason in headers. */
export function toDeadLetter({ record, reason, attempts, stack }: Refused, group: string): BusRecord {
  const { key, value, topic, partition, offset } = record;
  return {
    key,
    value,
    headers: {
      ...withoutOurs(record.headers),
      'dlt-topic': topic,
      'dlt-partition': String(partition),
      'dlt-offset': String(offset),
      'dlt-group': group,
      'dlt-error': reason,
      'dlt-attempts': String(attempts),
      'dlt-time': new Date().toISOString(),
      ...(stack && { 'dlt-stack': stack.join('\n') }),
    },
  };
}

/** Removes the parts of a dead letter that may be large: value, original headers, a long key. */
export function withoutContent({ key, value, headers }: BusRecord): BusRecord {
  const ours = Object.entries(headers).filter(([name]) => isOurs(name));
  return {
    key: key && key.length <= MAX_KEY_LENGTH ? key : null,
    value: null,
    headers: { ...Object.fromEntries(ours), 'dlt-value-omitted': String(value?.length ?? 0) },
  };
}

/** Parses a record of a dead-letter topic. */
export function parseDeadLetter({ topic, partition, offset, key, value, headers }: LoggedRecord): DeadLetterRecord {
  const text = (name: string) => textOf(headers, `dlt-${name}`);
  const origin = toLocation(text('topic'), text('partition'), text('offset'));
  const omitted = text('value-omitted');
  const isProgrammingError = 'dlt-stack' in headers;
  return {
    location: { topic, partition, offset },
    ...(origin && { origin }),
    key,
    reason: origin ? text('error') : 'not a dead letter: its headers do not name its origin',
    attempts: Number(text('attempts')) || 0,
    ...(isProgrammingError && { stack: text('stack').split('\n').filter(Boolean) }),
    time: text('time'),
    bytes: omitted === '' ? (value?.length ?? 0) : Number(omitted),
    isOmitted: omitted !== '',
  };
}

/** Restores the original record from a dead letter. */
export function toOriginalRecord(record: LoggedRecord, origin: RecordLocation): LoggedRecord {
  return { ...record, ...origin, headers: withoutOurs(record.headers) };
}

/** Builds the record that marks a dead letter as redriven. */
export function toRedrivenMarker(location: RecordLocation, key: Buffer | null): BusRecord {
  return {
    key,
    value: null,
    headers: {
      'redriven-partition': String(location.partition),
      'redriven-offset': String(location.offset),
      'redriven-time': new Date().toISOString(),
    },
  };
}

/** Returns the location of the dead letter that a marker refers to; undefined for a record that is not a marker. */
export function locationOfMarker({ headers }: BusRecord, topic: string): RecordLocation | undefined {
  return toLocation(topic, textOf(headers, 'redriven-partition'), textOf(headers, 'redriven-offset'));
}

function textOf(headers: Headers, name: string): string {
  return String(headers[name] ?? '');
}

function toLocation(topic: string, partition: string, offset: string): RecordLocation | undefined {
  const isLocation = topic !== '' && /^\d{1,15}$/.test(partition) && /^\d{1,15}$/.test(offset);
  return isLocation ? { topic, partition: Number(partition), offset: Number(offset) } : undefined;
}

/** A record may have been a dead letter before; those headers do not apply to the new one. */
function withoutOurs(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOurs(name)));
}

function isOurs(header: string): boolean {
  return header.startsWith('dlt-');
}
