import type { BusRecord, Headers, LoggedRecord } from '../log/bus.js';
import type { Refused } from './apply-records.js';

/** One consumer group's reading of a topic. */
export interface Consumed {
  readonly topic: string;
  readonly group: string;
}

/** Where a record is in the log. */
export interface RecordLocation {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record of a dead-letter topic, without its content. */
export interface Letter {
  readonly location: RecordLocation;
  /** Where the record was; undefined for something in the topic that is no dead letter. */
  readonly origin?: RecordLocation;
  readonly key: Buffer | null;
  readonly reason: string;
  readonly attempts: number;
  /** Where our own code failed on it: `file:line` each, the innermost first; undefined where the record was at fault. */
  readonly stack?: readonly string[];
  /** RFC 3339; when it was given up. */
  readonly time: string;
  /** Length of the record's value. */
  readonly bytes: number;
  /** The record was too large for a letter, and has to be fetched from its origin. */
  readonly isOmitted: boolean;
}

/** A key that is longer is left out of a letter that has to be short. */
const MAX_KEY_LENGTH = 1024;

/** Where a consumer group puts the records of a topic that it gave up on. */
export function deadLetterTopic({ topic, group }: Consumed): string {
  return `${topic}.${group}.dlt`;
}

/** Where it is noted which letters have been redriven. */
export function receiptTopic(consumed: Consumed): string {
  return `${deadLetterTopic(consumed)}.redriven`;
}

/** `topic/partition/offset` */
export function locationName({ topic, partition, offset }: RecordLocation): string {
  return `${topic}/${partition}/${offset}`;
}

/** The record as it was, and beside it where it was and why it could not be applied. */
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

/** The same letter without what may be large: value, own headers, a long key. They stay where the record was. */
export function withoutContent({ key, value, headers }: BusRecord): BusRecord {
  const ours = Object.entries(headers).filter(([name]) => isOurs(name));
  return {
    key: key && key.length <= MAX_KEY_LENGTH ? key : null,
    value: null,
    headers: { ...Object.fromEntries(ours), 'dlt-value-omitted': String(value?.length ?? 0) },
  };
}

/** What a record of a dead-letter topic says. */
export function toLetter({ topic, partition, offset, key, value, headers }: LoggedRecord): Letter {
  const text = (name: string) => textOf(headers, `dlt-${name}`);
  const origin = toLocation(text('topic'), text('partition'), text('offset'));
  const omitted = text('value-omitted');
  const isProgrammingError = 'dlt-stack' in headers;
  return {
    location: { topic, partition, offset },
    ...(origin && { origin }),
    key,
    reason: origin ? text('error') : 'it is no dead letter: its headers do not say where it was',
    attempts: Number(text('attempts')) || 0,
    ...(isProgrammingError && { stack: text('stack').split('\n').filter(Boolean) }),
    time: text('time'),
    bytes: omitted === '' ? (value?.length ?? 0) : Number(omitted),
    isOmitted: omitted !== '',
  };
}

/** A dead letter's record as it was, at its origin. */
export function toOriginalRecord(record: LoggedRecord, origin: RecordLocation): LoggedRecord {
  return { ...record, ...origin, headers: withoutOurs(record.headers) };
}

/** Says that the letter at that place has been redriven. */
export function toReceipt(location: RecordLocation, key: Buffer | null): BusRecord {
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

/** The place in the dead-letter topic that a receipt is for; undefined for something that is no receipt. */
export function placeOfReceipt({ headers }: BusRecord, topic: string): RecordLocation | undefined {
  return toLocation(topic, textOf(headers, 'redriven-partition'), textOf(headers, 'redriven-offset'));
}

function textOf(headers: Headers, name: string): string {
  return String(headers[name] ?? '');
}

function toLocation(topic: string, partition: string, offset: string): RecordLocation | undefined {
  const isLocation = topic !== '' && /^\d{1,15}$/.test(partition) && /^\d{1,15}$/.test(offset);
  return isLocation ? { topic, partition: Number(partition), offset: Number(offset) } : undefined;
}

/** A record may have been a dead letter before: what that one said is not true of this one. */
function withoutOurs(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOurs(name)));
}

function isOurs(header: string): boolean {
  return header.startsWith('dlt-');
}
