import { isUtf8 } from 'node:buffer';
import type { BusRecord, Headers, HeaderValue } from '../log/bus.js';

type StoredHeader = string | { readonly base64: string };

/** A record on disk. Key, value and binary headers are in base64, because they may be any bytes. */
export interface StoredRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, StoredHeader | readonly StoredHeader[]>>;
}

export function toStored({ key, value, headers }: BusRecord): StoredRecord {
  return { key: toBase64(key), value: toBase64(value), headers: mapValues(headers, toStoredHeader) };
}

export function fromStored({ key, value, headers }: StoredRecord): BusRecord {
  return { key: fromBase64(key), value: fromBase64(value), headers: mapValues(headers, fromStoredHeader) as Headers };
}

function toStoredHeader(value: HeaderValue): StoredHeader {
  if (typeof value === 'string') return value;
  return isUtf8(value) ? value.toString('utf8') : { base64: value.toString('base64') };
}

function fromStoredHeader(value: StoredHeader): HeaderValue {
  return typeof value === 'string' ? value : Buffer.from(value.base64, 'base64');
}

function mapValues<From, To>(
  headers: Readonly<Record<string, From | readonly From[]>>,
  convert: (value: From) => To,
): Record<string, To | To[]> {
  const entries = Object.entries(headers).map(([name, values]) => [
    name,
    Array.isArray(values) ? values.map(convert) : convert(values as From),
  ]);
  return Object.fromEntries(entries) as Record<string, To | To[]>;
}

function toBase64(bytes: Buffer | null): string | null {
  return bytes && bytes.toString('base64');
}

function fromBase64(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64');
}
