/** What kafkajs encodes as a record of a batch. */
export interface RecordToEncode {
  readonly offsetDelta?: number;
  /** Milliseconds. */
  readonly timestampDelta?: number;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[]>>;
}

/** The part of kafkajs's `Encoder` that the encoding of a batch reads. */
export interface EncodedRecord {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

/** The module of kafkajs that encodes a record. */
export const ENCODER_MODULE = 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
const ATTRIBUTES_BYTES = 1;
const NO_VALUE = -1;

/** Encodes a record of version 2 of Kafka's message format. */
export function encodeRecord(record: RecordToEncode): EncodedRecord {
  const { offsetDelta = 0, timestampDelta = 0, key, value, headers = {} } = record;
  const pairs = pairsOf(headers);
  const bodyBytes =
    ATTRIBUTES_BYTES +
    bytesOfVarInt(timestampDelta) +
    bytesOfVarInt(offsetDelta) +
    bytesOfField(key) +
    bytesOfField(value) +
    bytesOfVarInt(pairs.length / 2) +
    pairs.reduce((bytes: number, each) => bytes + bytesOfField(each), 0);
  const buffer = Buffer.allocUnsafe(bytesOfVarInt(bodyBytes) + bodyBytes);
  let at = writeVarInt(buffer, 0, bodyBytes);
  buffer[at] = 0;
  at = writeVarInt(buffer, at + ATTRIBUTES_BYTES, timestampDelta);
  at = writeVarInt(buffer, at, offsetDelta);
  at = writeField(buffer, at, key);
  at = writeField(buffer, at, value);
  at = writeVarInt(buffer, at, pairs.length / 2);
  for (const each of pairs) at = writeField(buffer, at, each);
  return { buf: buffer, buffer };
}

/** Returns names and values in turn. */
function pairsOf(headers: NonNullable<RecordToEncode['headers']>): (Buffer | string)[] {
  const pairs: (Buffer | string)[] = [];
  for (const name of Object.keys(headers)) {
    const values = headers[name] as Buffer | string | readonly (Buffer | string)[];
    if (typeof values === 'string' || Buffer.isBuffer(values)) pairs.push(name, values);
    else for (const value of values) pairs.push(name, value);
  }
  return pairs;
}

function bytesOfField(field: Buffer | string | null): number {
  if (field === null) return bytesOfVarInt(NO_VALUE);
  const bytes = Buffer.byteLength(field);
  return bytesOfVarInt(bytes) + bytes;
}

function writeField(buffer: Buffer, at: number, field: Buffer | string | null): number {
  if (field === null) return writeVarInt(buffer, at, NO_VALUE);
  if (typeof field !== 'string') {
    const start = writeVarInt(buffer, at, field.length);
    return start + field.copy(buffer, start);
  }
  const start = writeVarInt(buffer, at, Buffer.byteLength(field));
  return start + buffer.write(field, start);
}

/** Small numbers of either sign take few bytes. Arithmetic, because timestamps have more bits than bitwise operators. */
function zigZag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function bytesOfVarInt(value: number): number {
  let bytes = 1;
  for (let rest = zigZag(value); rest >= 128; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

function writeVarInt(buffer: Buffer, from: number, value: number): number {
  let at = from;
  let rest = zigZag(value);
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    buffer[at] = (rest % 128) | 128;
    at += 1;
  }
  buffer[at] = rest;
  return at + 1;
}
