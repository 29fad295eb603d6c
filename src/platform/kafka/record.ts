import { isUtf8 } from 'node:buffer';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { BusRecord, Headers, HeaderValue } from '../log/bus.js';

/** Header of the records with which a topic is fenced. They are no events, and never leave this folder. */
export const FENCE_HEADER = 'fence';

/** A fetched record, as kafkajs has it. */
export type FetchedMessage = Pick<KafkaMessage, 'key' | 'value' | 'headers' | 'offset'>;

/** True for a record that only tested or marked the end of a generation. */
export function isFenceRecord({ headers }: Pick<FetchedMessage, 'headers'>): boolean {
  return headers !== undefined && FENCE_HEADER in headers;
}

/** Converts a fetched record to a record of the port. */
export function toRecord({ key, value, headers }: FetchedMessage): BusRecord {
  return { key, value, headers: toHeaders(headers) };
}

/** Converts a record of the port to a kafkajs message. */
export function toMessage({ key, value, headers }: BusRecord): Message {
  return { key, value, headers: headers as IHeaders };
}

/** An upper estimate of the record's size in a batch, in bytes. */
export function sizeOf({ key, value, headers }: BusRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0) + 200;
  for (const [name, values] of Object.entries(headers)) {
    for (const each of isSingle(values) ? [values] : values) {
      bytes += Buffer.byteLength(name) + Buffer.byteLength(each) + 10;
    }
  }
  return bytes;
}

function isSingle(values: Headers[string]): values is HeaderValue {
  return typeof values === 'string' || Buffer.isBuffer(values);
}

function toHeaders(headers: IHeaders = {}): Headers {
  const entries: [string, HeaderValue | HeaderValue[]][] = [];
  for (const [name, values] of Object.entries(headers)) {
    entries.push([name, Array.isArray(values) ? values.map(toHeaderValue) : toHeaderValue(values)]);
  }
  return Object.fromEntries(entries);
}

/** A header without a value becomes an empty one, because kafkajs cannot send a null header. */
function toHeaderValue(value: Buffer | string | undefined | null): HeaderValue {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value ?? '');
  // A copy: the bytes are a part of the whole batch.
  return isUtf8(bytes) ? bytes.toString('utf8') : Buffer.from(bytes);
}
