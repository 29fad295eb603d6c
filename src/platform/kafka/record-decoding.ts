/** The part of kafkajs's `Decoder` with one record of a batch. */
export interface RecordToDecode {
  readonly buffer: Buffer;
  /** Where the record begins, after its length. */
  readonly offset: number;
}

/** What kafkajs knows of the batch. */
export interface BatchContext {
  readonly firstOffset: string;
  /** Milliseconds. */
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  /** 1: the broker's time, which is that of the whole batch. */
  readonly timestampType: number;
  readonly magicByte: number;
  readonly isControlBatch?: boolean;
}

type Header = Buffer | null;

/** A record as kafkajs passes it on. */
export interface DecodedRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Header | readonly Header[]>>;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
}

/** The module of kafkajs that decodes a record. */
export const DECODER_MODULE = 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js';
const LOG_APPEND_TIME = 1;
const NO_VALUE = -1;

/** Decodes a record of version 2 of Kafka's message format. */
export function decodeRecord({ buffer, offset }: RecordToDecode, batchContext: BatchContext): DecodedRecord {
  const { firstOffset, firstTimestamp, maxTimestamp, timestampType, magicByte, isControlBatch = false } = batchContext;
  const reader = { buffer, at: offset };
  const attributes = buffer.readInt8(reader.at);
  reader.at += 1;
  const timestampDelta = readVarInt(reader);
  const offsetDelta = readVarInt(reader);
  return {
    magicByte,
    attributes,
    timestamp:
      timestampType === LOG_APPEND_TIME && maxTimestamp
        ? maxTimestamp
        : String(Number(firstTimestamp) + timestampDelta),
    offset: String(Number(firstOffset) + offsetDelta),
    key: readBytes(reader),
    value: readBytes(reader),
    headers: readHeaders(reader),
    isControlRecord: isControlBatch,
    batchContext,
  };
}

interface Reader {
  readonly buffer: Buffer;
  at: number;
}

function readHeaders(reader: Reader): DecodedRecord['headers'] {
  const headers: Record<string, Header | readonly Header[]> = {};
  for (let count = readVarInt(reader); count > 0; count -= 1) {
    const name = readText(reader);
    const value = readBytes(reader);
    if (Object.hasOwn(headers, name)) {
      const before = headers[name] as Header | readonly Header[];
      set(headers, name, Array.isArray(before) ? [...(before as Header[]), value] : [before as Header, value]);
    } else set(headers, name, value);
  }
  return headers;
}

function set<T>(object: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') object[name] = value;
  // An assignment would set the prototype.
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function readBytes(reader: Reader): Buffer | null {
  const length = readVarInt(reader);
  if (length === NO_VALUE) return null;
  const bytes = reader.buffer.subarray(reader.at, reader.at + length);
  reader.at += length;
  return bytes;
}

function readText(reader: Reader): string {
  const { buffer } = reader;
  const length = readVarInt(reader);
  // Never null in Kafka's format; this is what kafkajs makes of it.
  if (length === NO_VALUE) return 'null';
  const start = reader.at;
  reader.at += length;
  return buffer.toString('utf8', start, reader.at);
}

/** Arithmetic, because timestamps have more bits than bitwise operators. */
function readVarInt(reader: Reader): number {
  const { buffer } = reader;
  let byte = buffer[reader.at] as number;
  reader.at += 1;
  let value = byte & 127;
  for (let scale = 128; byte >= 128; scale *= 128) {
    byte = buffer[reader.at] as number;
    reader.at += 1;
    value += (byte & 127) * scale;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
