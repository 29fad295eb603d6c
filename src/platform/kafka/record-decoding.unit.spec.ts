import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BatchContext, decodeRecord, DECODER_MODULE, type DecodedRecord } from './record-decoding.js';
import { encodeRecord, type RecordToEncode } from './record-encoding.js';

const require = createRequire(import.meta.url);
const theirs = require(DECODER_MODULE) as (decoder: unknown, batch: BatchContext) => DecodedRecord;
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => {
  readVarIntBytes(): Buffer;
};

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
/** kafkajs takes members of every object for headers that were there before. */
const name = fc.string({ unit: 'binary', maxLength: 100 }).filter((each) => !(each in {}));
const record: fc.Arbitrary<RecordToEncode> = fc.record({
  offsetDelta: fc.nat(2 ** 31 - 1),
  timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { minLength: 1, maxLength: 3 }))),
});
const batch: fc.Arbitrary<BatchContext> = fc.record({
  firstOffset: fc.nat(2 ** 40).map(String),
  firstTimestamp: fc.oneof(fc.constant('-1'), fc.nat(2 ** 42).map(String)),
  maxTimestamp: fc.nat(2 ** 42).map(String),
  timestampType: fc.constantFrom(0, 1),
  magicByte: fc.constant(2),
  isControlBatch: fc.boolean(),
});

/** The record in its batch, without its length, as kafkajs passes it to either. */
function encoded(each: RecordToEncode): Buffer {
  return new Decoder(encodeRecord(each).buffer).readVarIntBytes();
}

describe('the decoding of a record', () => {
  it('is that of kafkajs', () => {
    fc.assert(
      fc.property(record, batch, (each, context) => {
        const buffer = encoded(each);
        expect(decodeRecord({ buffer, offset: 0 }, context)).toEqual(theirs(new Decoder(buffer), context));
      }),
    );
  });

  it('leaves headers alone that are named like members of objects', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const pairs = names.map((each) => [each, [Buffer.from('one'), Buffer.from('two')]] as const);
    const headers: RecordToEncode['headers'] = Object.fromEntries(pairs);
    const buffer = encoded({ key: null, value: null, headers });
    const context = { firstOffset: '7', firstTimestamp: '0', maxTimestamp: '0', timestampType: 0, magicByte: 2 };
    const decoded = decodeRecord({ buffer, offset: 0 }, context);
    expect(Object.entries(decoded.headers)).toEqual(pairs);
    expect(decoded.offset).toBe('7');
  });
});
