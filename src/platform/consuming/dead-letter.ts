import type { BusRecord, Headers, LoggedRecord } from '../log/bus.js';
import { tryParse } from '../event/parse-cloud-event.js';
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

/** What an event states, and of which aggregate. */
export interface EventSummary {
  /** '' if it does not look like a type: a stranger may have written anything. */
  readonly type: string;
  /** Id of the aggregate; '' if it is too long for one. */
  readonly subject: string;
  readonly version: number;
}

/** A record of a dead-letter topic, without its content. */
export interface DeadLetterRecord {
  readonly location: RecordLocation;
  /** Location of the original record; undefined for a record that is not a dead letter. */
  readonly origin?: RecordLocation;
  readonly key: Buffer | null;
  /** The event that the record is; undefined if it is no readable event, or if its value was omitted. */
  readonly event?: EventSummary;
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
/** A longer type or id of an aggregate is not one of this system. */
const MAX_NAME_LENGTH = 256;

/** Returns the topic for records that a consumer group could not apply. */
export function deadLetterTopic({ topic, group }: Consumed): string {
  return `${topic}.${group}.dlt`;
}

/** Returns `topic/partition/offset`. */
export function locationName({ topic, partition, offset }: RecordLocation): string {
  // In one piece, which takes a third of the memory of a template literal's parts.
  return [topic, partition, offset].join('/');
}

/** Parses `topic/partition/offset`; undefined for another text. */
export function parseLocationName(name: string): RecordLocation | undefined {
  const [topic = '', partition = '', offset = '', ...more] = name.split('/');
  return more.length === 0 ? toLocation(topic, partition, offset) : undefined;
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

/** Parses a record of a dead-letter topic. The result keeps no part of the record's content alive. */
export function parseDeadLetter({ topic, partition, offset, key, value, headers }: LoggedRecord): DeadLetterRecord {
  const text = (name: string) => textOf(headers, `dlt-${name}`);
  const origin = toLocation(text('topic'), text('partition'), text('offset'));
  const omitted = text('value-omitted');
  const isProgrammingError = 'dlt-stack' in headers;
  const event = summaryOf(value);
  return {
    location: { topic, partition, offset },
    ...(origin && { origin }),
    key: key && copyOf(key),
    ...(event && { event }),
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

/** Returns a header as text; '' for a missing one. */
export function textOf(headers: Headers, name: string): string {
  return String(headers[name] ?? '');
}

/** Returns a location; undefined if one of its parts cannot be one. */
export function toLocation(topic: string, partition: string, offset: string): RecordLocation | undefined {
  const isLocation = topic !== '' && /^\d{1,15}$/.test(partition) && /^\d{1,15}$/.test(offset);
  return isLocation ? { topic, partition: Number(partition), offset: Number(offset) } : undefined;
}

/** The bytes are a part of something larger: of a whole batch, or of Node.js's pool. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function summaryOf(value: Buffer | null): EventSummary | undefined {
  const event = tryParse({ value });
  if (!event) return undefined;
  const { type, subject, sequence } = event;
  const [isType, isId] = [/^[a-z][\w.-]*$/i.test(type), subject.length <= MAX_NAME_LENGTH];
  return {
    type: isType && type.length <= MAX_NAME_LENGTH ? type : '',
    subject: isId ? subject : '',
    version: Number(sequence),
  };
}

/** A record may have been a dead letter before; those headers do not apply to the new one. */
function withoutOurs(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOurs(name)));
}

function isOurs(header: string): boolean {
  return header.startsWith('dlt-');
}
