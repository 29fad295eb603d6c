import type { FetchedMessage } from '../record.js';
import type { FetchedPartition, FetchedRecord, RecordsBatch } from './library.js';

/** Attributes of a batch. */
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
/** The type in the key of a marker with which a transaction was aborted. */
const ABORT = 0;

/** Returns the offset after the last batch; undefined if there is none. */
export function endOf({ records }: FetchedPartition): number | undefined {
  const last = records?.at(-1);
  return last && lastOffsetOf(last) + 1;
}

/**
 * Returns the records from an offset on, without those of aborted transactions. The library leaves in those whose
 * transaction does not end within the response.
 */
export function messagesOf({ records, abortedTransactions }: FetchedPartition, from: number): FetchedMessage[] {
  const messages: FetchedMessage[] = [];
  const begun = [...(abortedTransactions ?? [])].sort((one, other) => Number(one.firstOffset - other.firstOffset));
  const aborted = new Set<bigint>();
  for (const batch of records ?? []) {
    for (let next = begun[0]; next && Number(next.firstOffset) <= lastOffsetOf(batch); next = begun[0]) {
      aborted.add(next.producerId);
      begun.shift();
    }
    if (batch.attributes & CONTROL) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT) aborted.delete(batch.producerId);
    } else if (!(batch.attributes & TRANSACTIONAL && aborted.has(batch.producerId))) {
      const first = Number(batch.firstOffset);
      for (const record of batch.records) {
        const offset = first + record.offsetDelta;
        if (offset >= from) messages.push(toMessage(record, offset));
      }
    }
  }
  return messages;
}

function lastOffsetOf({ firstOffset, lastOffsetDelta }: RecordsBatch): number {
  return Number(firstOffset) + lastOffsetDelta;
}

function toMessage({ key, value, headers }: FetchedRecord, offset: number): FetchedMessage {
  return { key, value, headers: toHeaders(headers), offset: String(offset) };
}

function toHeaders(pairs: FetchedRecord['headers']): NonNullable<FetchedMessage['headers']> {
  const headers = new Map<string, Buffer | Buffer[]>();
  for (const [nameBytes, valueBytes] of pairs) {
    const name = nameBytes?.toString('utf8') ?? '';
    const value = valueBytes ?? Buffer.alloc(0);
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    else if (Array.isArray(before)) before.push(value);
    else headers.set(name, [before, value]);
  }
  return Object.fromEntries(headers);
}
