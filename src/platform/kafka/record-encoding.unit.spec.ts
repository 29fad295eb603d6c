import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecord, ENCODER_MODULE, type RecordToEncode } from './record-encoding.js';

type Encode = (record: RecordToEncode) => { readonly buffer: Buffer };
const theirs = createRequire(import.meta.url)(ENCODER_MODULE) as Encode;

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
const text = fc.string({ unit: 'binary', maxLength: 100 });
const headerValue = fc.oneof(bytes, text);
const record: fc.Arbitrary<RecordToEncode> = fc.record(
  {
    offsetDelta: fc.nat(100_000),
    timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(text, fc.oneof(headerValue, fc.array(headerValue, { maxLength: 3 }))),
  },
  { requiredKeys: ['key', 'value'] },
);

describe('the encoding of a record', () => {
  it('is byte by byte that of kafkajs', () => {
    fc.assert(
      fc.property(record, (each) => {
        expect(encodeRecord(each).buffer.toString('hex')).toBe(theirs(each).buffer.toString('hex'));
      }),
    );
  });

  it.each([0, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576])('of a value of %s bytes is that of kafkajs', (length) => {
    const each = { key: null, value: Buffer.alloc(length, 'a') };
    expect(encodeRecord(each).buffer.equals(theirs(each).buffer)).toBe(true);
  });
});
