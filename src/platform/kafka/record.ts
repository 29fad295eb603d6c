import { isUtf8 } from 'node:buffer';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { BusRecord, Headers, HeaderValue, LoggedRecord } from '../log/bus.js';

/** Converts a kafkajs message to a record of the port. */
export function toLoggedRecord(topic: string, partition: number, message: KafkaMessage): LoggedRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    headers: toHeaders(message.headers),
  };
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
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      Array.isArray(values) ? values.map(toHeaderValue) : toHeaderValue(values),
    ]),
  );
}

/** A header without a value becomes an empty one, because kafkajs cannot send a null header. */
function toHeaderValue(value: Buffer | string | undefined | null): HeaderValue {
  const bytes = Buffer.from(value ?? '');
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes;
}
