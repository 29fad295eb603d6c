import { describe, expect, it } from '@jest/globals';
import type { FetchedPartition, RecordsBatch } from './library.js';
import { endOf, messagesOf } from './messages.js';

const TRANSACTIONAL = 16;
const CONTROL = 32;
const [ABORT, COMMIT] = [0, 1];

function batch(firstOffset: number, records: readonly string[], of: Partial<RecordsBatch> = {}): RecordsBatch {
  return {
    ...{ firstOffset: BigInt(firstOffset), lastOffsetDelta: records.length - 1, attributes: 0, producerId: -1n },
    records: records.map((value, offsetDelta) => ({ offsetDelta, key: null, value: Buffer.from(value), headers: [] })),
    ...of,
  };
}

function marker(offset: number, producerId: bigint, type: number): RecordsBatch {
  const key = Buffer.from([0, 0, 0, type]);
  const records = [{ offsetDelta: 0, key, value: null, headers: [] }];
  return { ...batch(offset, ['']), attributes: TRANSACTIONAL | CONTROL, producerId, records };
}

const sent = (offset: number, producerId: bigint, ...values: string[]) =>
  batch(offset, values, { attributes: TRANSACTIONAL, producerId });

function fetched(records: readonly RecordsBatch[], aborted: readonly (readonly [bigint, number])[] = []) {
  const abortedTransactions = aborted.map(([producerId, first]) => ({ producerId, firstOffset: BigInt(first) }));
  return { partitionIndex: 0, errorCode: 0, highWatermark: 0n, abortedTransactions, records } as FetchedPartition;
}

const valuesOf = (partition: FetchedPartition, from = 0) =>
  messagesOf(partition, from).map(({ value }) => String(value));

describe('what was fetched of a partition', () => {
  it('has the records from the offset on, though a batch begins before it', () => {
    const partition = fetched([batch(4, ['a', 'b', 'c']), batch(7, ['d'])]);
    expect(messagesOf(partition, 6).map(({ offset, value }) => [offset, String(value)])).toEqual([
      ['6', 'c'],
      ['7', 'd'],
    ]);
    expect(endOf(partition)).toBe(8);
    expect(endOf(fetched([]))).toBeUndefined();
  });

  it('ends after records that were compacted away', () => {
    expect(endOf(fetched([batch(4, ['a'], { lastOffsetDelta: 9 })]))).toBe(14);
  });

  it('has no records of aborted transactions, and all of others that the same producer committed', () => {
    const records = [
      ...[sent(0, 7n, 'x'), sent(1, 8n, 'a'), marker(2, 7n, ABORT), sent(3, 7n, 'b'), marker(4, 7n, COMMIT)],
      ...[marker(5, 8n, COMMIT), sent(6, 7n, 'y'), batch(7, ['c']), marker(8, 7n, ABORT)],
    ];
    expect(valuesOf(fetched(records, [[7n, 6], [7n, 0]]))).toEqual(['a', 'b', 'c']); // prettier-ignore
  });

  it('has none of an aborted transaction whose marker comes later', () => {
    expect(valuesOf(fetched([sent(0, 7n, 'x', 'y'), batch(2, ['a'])], [[7n, 0]]))).toEqual(['a']);
  });

  it('has repeated headers as a list, and no header without a value', () => {
    const header = (name: string, value: string | null) =>
      [Buffer.from(name), value === null ? null : Buffer.from(value)] as const;
    const headers = [header('a', '1'), header('b', '2'), header('a', '3'), header('__proto__', null)];
    const [message] = messagesOf(
      fetched([batch(0, [''], { records: [{ offsetDelta: 0, key: null, value: null, headers }] })]),
      0,
    );
    expect(Object.entries(message?.headers ?? {})).toEqual([
      ['a', [Buffer.from('1'), Buffer.from('3')]],
      ['b', Buffer.from('2')],
      ['__proto__', Buffer.alloc(0)],
    ]);
  });
});
